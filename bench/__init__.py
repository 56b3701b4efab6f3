"""How fast is it? Whole messengers of real processes, real signed-in WebSockets, and PostgreSQL's own speed beside it.

    python -m bench            all scenarios on both servers, about five minutes
    python -m bench --smoke    a few seconds: that it runs and its counts add up

Clients, servers and databases share one machine, so absolute figures say little about another one: the ratios to
the floor, measured in the same run, are the figures to quote. What strangers took of the processors meanwhile is told
too: latencies are to be trusted only when that is next to nothing.
"""
