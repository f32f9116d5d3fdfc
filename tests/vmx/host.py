"""What stands on the host beside the fleet server: a page for guests, and the one whom an intruder in the service VM obeys."""
import http.server
import queue
import threading

PAGE = "a page on the host"


class Host(http.server.ThreadingHTTPServer):
    def __init__(self):
        outer, self.scripts, self.said, self.served = self, queue.Queue(), queue.Queue(), 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == "/script":
                    self.answer(*outer.next_script())
                else:
                    self.answer(200, PAGE.encode())
                    outer.served += 1

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode(errors="replace")
                self.answer(200, b"")
                outer.said.put(text)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next_script(self):
        try:
            return 200, self.scripts.get_nowait().encode()
        except queue.Empty:
            return 404, b""

    def answer_of(self):
        """What the last script said, once it has come; or None."""
        try:
            return self.said.get_nowait()
        except queue.Empty:
            return None

    def close(self):
        self.shutdown()
        self.server_close()
