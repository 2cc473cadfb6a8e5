#!/usr/bin/python3
"""Judges and runs programs through a Sallyport service, as an agent would."""
import sallyport

POLICY = {
    "name": "example",
    "language": "python",
    "severity_threshold": "medium",
    "restricted_modules": [{"name": "os", "description": "Operating system interface", "severity": "high"}],
}

with sallyport.connect() as gate:
    result = gate.run("import sys\nprint('Hello', sys.argv[1])", policy=POLICY, argv=["agent"])
    print("ran:", result["outcome"], result["exit_code"], result["stdout"].strip())

    refused = gate.run("launcher = __import__('o' + 's')\nlauncher.system('id')", policy=POLICY)
    for finding in refused["verdict"]["violations"]:
        print(f"refused: line {finding['line']}: {finding['description']} ({finding['via']})")

    stopped = gate.run("print('on my way', flush=True)\nwhile True: pass", policy=POLICY, limits={"wall_ms": 500})
    print("stopped:", stopped["outcome"], stopped["stdout"].strip())

    gate.run("for i in range(3): print('live', i, flush=True)", policy=POLICY,
             on_output=lambda stream, data: print(data, end=""))

    verdicts = gate.scan_batch([("x = 1", "python"), ("import os", "python")], policy=POLICY)
    print("safe:", [verdict["safe"] for verdict in verdicts])
