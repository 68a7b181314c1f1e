"""The contestant's side of the protocol: one line of JSON for every line of input."""
import json
import sys


def serve(round_):
    for _ in sys.stdin:
        print(json.dumps(round_()), flush=True)
