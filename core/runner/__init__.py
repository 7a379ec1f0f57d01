"""Runner processes: each holds one base model, so that torch never enters the server process.

`pool` and `process` live in the server, `host*` in the child; `protocol` and `folder` in both.
"""
