import time

import torch
from serve import serve

torch.set_num_threads(1)
x = torch.ones(2, 2)
y = torch.ones(2, 2)
mlp = torch.nn.Sequential(*[layer for _ in range(10) for layer in (torch.nn.Linear(64, 64), torch.nn.ReLU())])
row = torch.ones(1, 64)


def per_call(count, work):
    start = time.perf_counter_ns()
    work(count)
    return (time.perf_counter_ns() - start) / count


def adds(count):
    for _ in range(count):
        x.add(y)


def function_adds(count):
    for _ in range(count):
        torch.add(x, y)


def steps(count):
    for _ in range(count):
        mlp(row).sum().backward()


def round_():
    return {"add": per_call(200_000, adds), "function": per_call(200_000, function_adds), "mlp": per_call(500, steps)}


round_()
serve(round_)
