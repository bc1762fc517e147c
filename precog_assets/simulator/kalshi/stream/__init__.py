"""Kalshi's WebSocket: the signed handshake, commands, channels, sequences and heartbeats over one exchange.

`hub` and what it uses is the stream as a plain object that lives in the exchange's turn; `endpoint` puts it on
sockets, `heartbeat` is the protocol the server has to be configured with, `tampering` where faults come in.
"""

from precog_assets.simulator.kalshi.stream.endpoint import PATH, Stream, stream_routes
from precog_assets.simulator.kalshi.stream.heartbeat import HeartbeatProtocol, websocket_options
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.tampering import Tampering, Untampered

__all__ = [
    "PATH",
    "HeartbeatProtocol",
    "Limits",
    "Stream",
    "Tampering",
    "Untampered",
    "stream_routes",
    "websocket_options",
]
