"""The rules of the states and the money math: pure functions, no I/O, standard library only.

A rule is a versioned row (``rules``), found by state, track and sale date (``rulebook``). ``payoff``
turns a case into lines with statutes; ``cases`` speaks the JSON format; ``pricing`` is the fast
path for many liens; ``yields``, ``expected_value``, ``timing`` and ``portfolio`` judge the result.
"""
