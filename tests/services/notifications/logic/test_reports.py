"""Every report of a batch is read, however many there are."""

from __future__ import annotations

import msgspec

from taxlien.services.notifications.logic.reports import mail_reports


def test_a_batch_is_read_to_its_end() -> None:
    events = [
        {"email": f"{n}@a.example", "event": "bounce", "sg_event_id": str(n)} for n in range(2_500)
    ]
    reports = mail_reports(msgspec.json.encode(events))
    assert [report.report_id for report in reports] == [str(n) for n in range(2_500)]
