"""Answers the benchmark's requests, one JSON object a line, so that it can take turns with the browser."""

import json
import os
import resource
import statistics
import sys
import time

from case import Case

# A task of a few milliseconds is repeated for so long; a long one runs once.
MINIMUM_S = 0.3


def serve(peer_class, describe, case_class=Case):
    """Reads requests until the input ends. The libraries' own output goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    peers = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _answer(request, peers, peer_class, describe, case_class)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


def _answer(request, peers, peer_class, describe, case_class):
    if request["command"] == "describe":
        return describe()
    if request["command"] == "peak":
        # Linux counts in KiB.
        return {"mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    folder = request["case"]
    if request["command"] == "supports":
        supports = getattr(peer_class, "supports", None)
        return {"supports": supports is None or supports(case_class(folder))}
    if folder not in peers:
        # One model at a time: the stored gradients of one fill half a gigabyte.
        peers.clear()
        peers[folder] = peer_class(case_class(folder))
    peer = peers[folder]
    if request["command"] == "check":
        peer.case.results = request["results"]
        return {"agreement": peer.check()}
    if request["command"] == "storedBytes":
        return {"bytes": peer.stored_bytes()}
    return {"ms": _median_ms(getattr(peer, request["task"]))}


def _median_ms(run):
    times = []
    while not times or sum(times) < MINIMUM_S:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)
