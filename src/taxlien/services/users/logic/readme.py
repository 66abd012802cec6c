"""What stands in the README of an export, in the languages the product speaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

ENGLISH = """\
Your data at TAXLIEN.online

This archive holds what we keep about you, one folder a part of the product: {services}.

  *.json         every table exactly as we keep it, for programs
  *.csv          the same for spreadsheets. A text that begins like a formula
                 (= + - @) has an apostrophe in front, so that no spreadsheet runs it.
  manifest.json  the number of rows, and the SHA-256 of every file
{missing}
Not in here:
  - Public records. Tax liens, parcels, sales and their owners as counties publish them are
    no data about you as our user. They are not part of an export, and stay when you
    delete your account.
  - Passwords and keys: we keep only what checks them, and it is of no use to anybody.
  - The names of our staff who looked at your data: the access log shows their roles.
  - What the law forbids us to show of checks against money laundering.

We can give out this archive until {expires}; then we delete it.
You may have your data corrected or erased at any time: Settings, Privacy.
"""

RUSSIAN = """\
Ваши данные в TAXLIEN.online

В этом архиве то, что мы храним о вас, по папке на каждую часть продукта: {services}.

  *.json         каждая таблица в точности так, как мы её храним, для программ
  *.csv          то же для электронных таблиц. Перед текстом, похожим на формулу
                 (= + - @), стоит апостроф, чтобы таблица не выполнила его.
  manifest.json  число строк и SHA-256 каждого файла
{missing}
Чего здесь нет:
  - Публичных записей. Налоговые залоги, участки, аукционы и их владельцы, как их публикуют
    округа, не являются данными о вас как о нашем пользователе. Они не входят в выгрузку
    и остаются после удаления учётной записи.
  - Паролей и ключей: мы храним лишь то, чем их проверяют, и никому это не пригодится.
  - Имён сотрудников, смотревших ваши данные: журнал доступа показывает их роли.
  - Того, что закон запрещает показывать о проверках против отмывания денег.

Мы можем выдать этот архив до {expires}, затем удалим его.
Вы можете в любое время исправить или удалить свои данные: Настройки, Конфиденциальность.
"""

_MISSING = {
    "en": "\nINCOMPLETE: these parts did not answer in time: {names}. Ask for another export.\n",
    "ru": "\nНЕПОЛНО: эти части не ответили вовремя: {names}. Запросите выгрузку ещё раз.\n",
}
_TEXTS = {"en": ENGLISH, "ru": RUSSIAN}


def readme(
    language: str, services: Sequence[str], missing: Sequence[str], expires_at: datetime
) -> str:
    """Return the text in ``language`` (such as ``ru`` or ``ru-RU``), in English where it has none."""
    code = language.partition("-")[0].lower()
    code = code if code in _TEXTS else "en"
    return _TEXTS[code].format(
        services=", ".join(services) or "-",
        missing=_MISSING[code].format(names=", ".join(missing)) if missing else "",
        expires=f"{expires_at:%Y-%m-%d %H:%M} UTC",
    )
