"""Listens on --port, and requires PROMETHEUS_MULTIPROC_DIR."""

import argparse
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="0.0.0.0")
parser.add_argument("--port", type=int, required=True)
options = parser.parse_args()
os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])
HTTPServer((options.host, options.port), BaseHTTPRequestHandler).serve_forever()
