"""A local server that plays many counties' sites, generated from a seed. Nothing in it is a real record.

``world`` draws what the counties know, ``plays`` writes it as each platform's pages would, ``serving``
answers HTTP and makes faults. A played host lies under ``http://127.0.0.1:PORT/<host>``; links within its
pages are written as the real site writes them (``/Application.aspx?...``), to be joined to that address.
Only ``Location`` of a redirect and the path of a cookie carry the host, as a browser would need them.
"""
