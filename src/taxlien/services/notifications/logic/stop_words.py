"""What the page says on which mails are stopped; ``{kind}`` is what the mails are called."""

from __future__ import annotations

from .titles import title_of

_WORDS = {
    "en": {
        "title": "Stop these mails?",
        "about": "They tell you of: {kind}.",
        "stop_kind": "Stop these mails",
        "stop_all": "Stop all alerts and digests by mail",
        "done": "These mails are stopped",
        "kind_done": "No more mails of this kind: {kind}.",
        "all_done": "No more alerts and digests come by mail.",
        "resume": "Let them come again",
        "resumed": "They come again",
        "resumed_more": "Mails of this kind will come as before: {kind}.",
        "rest": "Mails about the safety of your account and what you bought always come.",
    },
    "ru": {
        "title": "Больше не присылать?",
        "about": "О чём эти письма: {kind}.",
        "stop_kind": "Не присылать эти письма",
        "stop_all": "Не присылать никаких уведомлений и сводок по почте",
        "done": "Письма остановлены",
        "kind_done": "Таких писем больше не будет: {kind}.",
        "all_done": "Уведомления и сводки больше не приходят по почте.",
        "resume": "Присылать снова",
        "resumed": "Письма снова приходят",
        "resumed_more": "Эти письма будут приходить, как раньше: {kind}.",
        "rest": "Письма о безопасности аккаунта и о покупках приходят всегда.",
    },
    "es": {
        "title": "¿No recibir más estos correos?",
        "about": "Tratan de: {kind}.",
        "stop_kind": "No recibir más estos correos",
        "stop_all": "No recibir ningún aviso ni resumen por correo",
        "done": "Correos detenidos",
        "kind_done": "No llegarán más correos de este tipo: {kind}.",
        "all_done": "No llegarán más avisos ni resúmenes por correo.",
        "resume": "Volver a recibirlos",
        "resumed": "Vuelven a llegar",
        "resumed_more": "Los correos de este tipo llegarán como antes: {kind}.",
        "rest": "Los correos sobre la seguridad de su cuenta y sus compras llegan siempre.",
    },
}


def stop_words(kind: str, language: str) -> dict[str, str]:
    """Return the words of the page about mails of ``kind``."""
    title = title_of(kind, language)
    return {name: text.format(kind=title) for name, text in _WORDS[language].items()}
