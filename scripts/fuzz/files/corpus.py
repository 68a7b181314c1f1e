# Writes good files of every format that Python writes: python corpus.py FOLDER
import argparse
import collections
import sys

import numpy as np
import torch
from typing import Dict, List, NamedTuple, Optional

folder = sys.argv[1]
torch.manual_seed(0)
value = {
    'model': collections.OrderedDict(a=torch.arange(6.).view(2, 3), b=torch.ones(3, dtype=torch.bfloat16), n=torch.tensor(3)),
    3: (1, 2.0, None, True, b'xy', 'text'), 'array': np.arange(3), 'set': {1, 2}, 'csr': torch.eye(3).to_sparse_csr(),
    'parameter': torch.nn.Parameter(torch.ones(2)), 'conj': torch.tensor([1 + 2j]).conj(), 'scalar': np.float64(3), 'size': torch.Size([1, 2]),
    'args': argparse.Namespace(lr=0.1), 'big': 2**100, 'lists': [[], [1], {}],
}
torch.save(value, f'{folder}/python.pt')
torch.save(value, f'{folder}/python4.pt', pickle_protocol=4)
torch.save(value, f'{folder}/legacy.pt', _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 2).state_dict(), f'{folder}/legacy-state.pt', _use_new_zipfile_serialization=False)


class Pair(NamedTuple):
    x: torch.Tensor
    n: int


class Block(torch.nn.Module):
    def __init__(self, names: List[str]):
        super().__init__()
        self.linear = torch.nn.Linear(2, 2)
        self.norm = torch.nn.BatchNorm1d(2)
        self.names = names
        self.table: Dict[str, List[int]] = {'a': [1, 2], 'b': [3]}
        self.register_buffer('sparse', torch.eye(2).to_sparse())

    def double(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    def forward(self, x: torch.Tensor, times: int = 2, other: Optional[torch.Tensor] = None) -> Pair:
        for i in range(times):
            if i % 2 == 0 and other is not None:
                x = self.double(x) + other
            else:
                x = self.norm(self.linear(x))
        with torch.autocast('cpu'):
            y = torch.mm(x, self.linear.weight)
        return Pair(y, len(self.names) + len(self.table))


torch.jit.script(Block(['a', 'b'])).save(f'{folder}/scripted.pt')
torch.jit.trace(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)), torch.ones(1, 2)).save(f'{folder}/traced.pt')
