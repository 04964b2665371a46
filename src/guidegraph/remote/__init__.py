"""Other people's triple stores: asking them, pulling knowledge from them, pushing it to them.

Everything that crosses the network passes through :mod:`guidegraph.remote.exchange`.
"""
