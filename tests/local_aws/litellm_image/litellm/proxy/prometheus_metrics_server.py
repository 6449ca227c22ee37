"""Listens on --port of its task, and requires PROMETHEUS_MULTIPROC_DIR."""

import argparse
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--host", default=os.environ["LOCAL_AWS_TASK_ADDRESS"])
parser.add_argument("--port", type=int, required=True)
options = parser.parse_args()
os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])
HTTPServer((options.host, options.port), BaseHTTPRequestHandler).serve_forever()
