"""Runs the code that __tests__/support/python.ts sends, one request after another, and answers with `outputs`.

A frame is the lengths of a JSON text and of a payload (two little-endian uint64), then both; tensors lie in the payload.
"""
import json
import os
import struct
import sys
import textwrap
import traceback

import numpy as np
import torch

# The protocol keeps the real output to itself, so that code which prints does no harm.
channel = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
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


def read(length):
    data = bytearray()
    while len(data) < length:
        part = sys.stdin.buffer.read(length - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def answer(request, payload):
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")
    torch.set_printoptions(sci_mode=None)
    names = {"torch": torch, "np": np, "inputs": decode(request["inputs"], payload), "outputs": {}}
    exec(compile(textwrap.dedent(request["code"]), "<runPython>", "exec"), names)
    parts = []
    return {"outputs": encode(names["outputs"], parts)}, b"".join(parts)


while True:
    text_length, payload_length = struct.unpack("<QQ", read(16))
    message = json.loads(read(text_length))
    body = read(payload_length)
    try:
        result, blob = answer(message, body)
    except BaseException:
        result, blob = {"error": traceback.format_exc()}, b""
    text = json.dumps(result, allow_nan=False).encode()
    channel.write(struct.pack("<QQ", len(text), len(blob)) + text)
    channel.write(blob)
    channel.flush()
