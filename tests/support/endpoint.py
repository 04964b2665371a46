"""A SPARQL 1.1 endpoint over an embedded store, for tests."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

import pyoxigraph as ox


class Endpoint(BaseHTTPRequestHandler):
    """Answers queries; ``limit`` cuts the triples of an answer off, as some servers do without a word."""

    store: ox.Store
    limit: int | None = None
    union = False

    def do_POST(self) -> None:
        text = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["query"][0]
        try:
            result = self.store.query(text, use_default_graph_as_union=self.union)
            graph = isinstance(result, ox.QueryTriples)
            form = ox.RdfFormat.N_TRIPLES if graph else ox.QueryResultsFormat.JSON
            body, status, media = result.serialize(format=form) or b"", 200, form.media_type
            if graph and self.limit is not None:
                body = b"".join(body.splitlines(keepends=True)[: self.limit])
        except SyntaxError as error:
            body, status, media = str(error).encode(), 400, "text/plain"
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass
