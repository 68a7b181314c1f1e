"""Runs the code that __tests__/support/python.ts sends, one request after another, and answers with `outputs`.

`server.py SOCKET` imports torch once, which takes seconds, and forks a process for every connection, which takes milliseconds; it ends with its
standard input. The first message of a connection is `{ env, cwd, errors }`, where `errors` is the file for what the process prints.

A frame is the lengths of a JSON text and of a payload (two little-endian uint64), then both; tensors lie in the payload.
"""
import faulthandler
import json
import os
import selectors
import signal
import socket
import struct
import sys
import textwrap
import traceback

# Connections wait in the queue of the socket until torch is there.
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(64)
print("listening", flush=True)

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)

BIGGEST_SAFE = 2**53 - 1


def decode(value, payload):
    if isinstance(value, list):
        return [decode(item, payload) for item in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        dtype, shape, start, length, requires_grad = value["$tensor"]
        data = payload[start : start + length]
        flat = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(getattr(torch, dtype)) if length else torch.empty(0, dtype=getattr(torch, dtype))
        return flat.reshape(shape).requires_grad_(requires_grad)
    if "$bytes" in value:
        start, length = value["$bytes"]
        return bytes(payload[start : start + length])
    if "$float" in value:
        return float(value["$float"])
    if "$int" in value:
        return int(value["$int"])
    if "$map" in value:
        return {decode(key, payload): decode(item, payload) for key, item in value["$map"]}
    if "$object" in value:
        return {key: decode(item, payload) for key, item in value["$object"].items()}
    raise ValueError(f"unknown tag in {value}")


def put(data, parts):
    start = sum(len(part) for part in parts)
    parts.append(data)
    return start, len(data)


def encode(value, parts):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return encode(value.item(), parts)
    if isinstance(value, int):
        return value if abs(value) <= BIGGEST_SAFE else {"$int": str(value)}
    if isinstance(value, float):
        return value if np.isfinite(value) else {"$float": str(value)}
    if isinstance(value, complex):
        return {"$object": {"real": encode(value.real, parts), "imag": encode(value.imag, parts)}}
    if isinstance(value, np.ndarray):
        return encode(torch.from_numpy(np.ascontiguousarray(value)), parts)
    if isinstance(value, torch.Tensor):
        plain = value.detach().cpu()
        if plain.layout != torch.strided:
            plain = plain.to_dense()
        plain = plain.resolve_conj().resolve_neg().contiguous()
        data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        start, length = put(data, parts)
        return {"$tensor": [str(plain.dtype).removeprefix("torch."), list(plain.shape), start, length, value.requires_grad]}
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": put(bytes(value), parts)}
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value).removeprefix("torch.")
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {"$object": {key: encode(item, parts) for key, item in value.items()}}
        return {"$map": [[encode(key, parts), encode(item, parts)] for key, item in value.items()]}
    if isinstance(value, (list, tuple, set, torch.Size)):
        return [encode(item, parts) for item in value]
    raise TypeError(f"outputs holds a {type(value).__name__}, which has no form in JavaScript")


def answer(request, payload):
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")
    torch.set_printoptions(sci_mode=None)
    names = {"torch": torch, "np": np, "inputs": decode(request["inputs"], payload), "outputs": {}}
    exec(compile(textwrap.dedent(request["code"]), "<runPython>", "exec"), names)
    parts = []
    return {"outputs": encode(names["outputs"], parts)}, b"".join(parts)


def read(stream, length):
    data = bytearray()
    while len(data) < length:
        part = stream.read(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def read_frame(stream):
    text_length, payload_length = struct.unpack("<QQ", read(stream, 16))
    return json.loads(read(stream, text_length)), read(stream, payload_length)


def serve(connection):
    """Answers one request after another until the other side ends the connection."""
    stream = connection.makefile("rwb")
    hello, _ = read_frame(stream)
    os.environ.clear()
    os.environ.update(hello["env"])
    os.chdir(hello["cwd"])
    errors = os.open(hello["errors"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    faulthandler.enable()
    while True:
        message, body = read_frame(stream)
        try:
            result, blob = answer(message, body)
        except BaseException:
            result, blob = {"error": traceback.format_exc()}, b""
        text = json.dumps(result, allow_nan=False).encode()
        stream.write(struct.pack("<QQ", len(text), len(blob)) + text)
        stream.write(blob)
        stream.flush()


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
waiting = selectors.DefaultSelector()
waiting.register(listener, selectors.EVENT_READ)
waiting.register(sys.stdin.fileno(), selectors.EVENT_READ)
while True:
    ready = [key.fileobj for key, _ in waiting.select()]
    if sys.stdin.fileno() in ready:
        os.unlink(sys.argv[1])
        os.rmdir(os.path.dirname(sys.argv[1]))
        break
    connection, _ = listener.accept()
    if os.fork() == 0:
        listener.close()
        os.close(0)
        # Code that starts processes waits for them.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            serve(connection)
        except (EOFError, ConnectionError):
            pass
        finally:
            os._exit(0)
    connection.close()
