"""The differentiable shape: encoders side by side, their vectors joined, one linear head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from ..core.errors import StoreError, VerificationError, first_line
from ..core.seed import derive
from ..data import Encoded, Ragged, Rows, States
from ..data.batching import answer_batches
from ..data.encoded import flat
from ..data.prompts import Marks
from ..data.spans import Spans, Windows
from ..data.store import ArrayStore
from ..parts.bases import Shape
from ..parts.bases._encoder import Encoder
from ..parts.bases._pairs import apart
from . import Advance, Model
from .activations import Kept, prepared

STATES, VECTORS = "body states", "body vectors"  # forms that stand for the body's lower layers, or for all of it

Tensors = Mapping[str, Mapping[str, torch.Tensor]]
Call = Callable[[Tensors], torch.Tensor]


class Net(nn.Module):
    """The torch module: `tensors` by encoder name in, outputs (rows, width) out."""

    def __init__(self, encoders: Mapping[str, Encoder], width: int, dropout: float, seed: int) -> None:
        super().__init__()
        self.encoders, self.width = nn.ModuleDict(dict(encoders)), width
        self.dropout: nn.Module = nn.Identity()
        self.head: nn.Module = nn.Identity()
        if any(encoder.is_whole for encoder in encoders.values()):
            return
        self.dropout = nn.Dropout(dropout)
        self.head = head = nn.Linear(sum(encoder.width for encoder in encoders.values()), width)
        generator = torch.Generator().manual_seed(derive(seed, "head"))
        nn.init.normal_(head.weight, std=0.02, generator=generator)
        nn.init.zeros_(head.bias)
        if len(encoders) == 1:
            next(iter(encoders.values())).begin(head)

    def join(self, tensors: Tensors) -> torch.Tensor:
        """Return the encoders' vectors side by side, float32 (rows, sum of widths)."""
        return torch.cat([_vectors(encoder, tensors[name]).float() for name, encoder in self.encoders.items()], dim=1)

    def forward(self, tensors: Tensors, with_vectors: bool = False) -> Any:
        """Return outputs, float32 (rows, width), and where asked the joined vectors that they come from."""
        vectors = self.join(tensors)
        with torch.autocast(vectors.device.type, enabled=False):
            outputs = self.head(self.dropout(vectors))
        return (outputs, vectors) if with_vectors else outputs


def _vectors(encoder: Any, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
    return tensors["vectors"] if "vectors" in tensors else encoder(tensors)


class Network(Model):
    """A `Net` with the conversions around it."""

    def __init__(self, net: Net, shape: Shape, body: str, device: torch.device) -> None:
        """`body` names the encoder that a strategy applies to; the others are new and always move."""
        self.net = net.to(device)
        self.store: ArrayStore | None = None
        self.shape = shape
        self.body = body
        self.device = device
        self.width = net.width
        self.frozen: frozenset[str] = frozenset()

    @property
    def writes(self) -> bool:
        """Whether the body writes texts."""
        return self._body().is_whole

    def writing(self, changes: Mapping[str, Any]) -> Network:
        """Return a network over the same weights whose body writes otherwise."""
        encoders = self._encoders()
        net = Net(encoders | {self.body: encoders[self.body].writing(changes)}, self.width, 0.0, 0)
        return Network(net, self.shape, self.body, self.device)

    def marks(self) -> Marks | None:
        """Return the tokens that frame what a language model reads, None for other bodies."""
        return self._body().marks()

    def probe(self) -> dict[str, float] | None:
        """Return the loss per token on text that has nothing to do with the task, None where there is none."""
        rows = self._body().probe()
        if rows is None:
            return None
        lines = flat(self.outputs(Encoded(tuple(map(str, range(len(rows["tokens"])))), rows)))
        return {"loss": float(-lines[:, 0].mean()), "tokens": len(lines)}

    def prepare(self, encoded: Encoded, is_kept: bool = True) -> Encoded:
        """Let every encoder add what it needs, such as tokens; the store has it where the same rows came before."""
        inputs = dict(self._body().with_labels(encoded.inputs, encoded.targets))
        for encoder in self._encoders().values():
            inputs = prepared(encoder, inputs, self.store if is_kept else None)
        return replace(encoded, inputs=inputs)

    def shortened(self, encoded: Encoded, depth: int, advance: Advance | None = None) -> Encoded:
        """Return the rows with what the body's first `depth` layers make of them, to be used instead of those layers.

        Raises StoreError where the store has no room.
        """
        encoder = self._encoders()[self.body]
        kept = Kept(encoder, self.store, self.device)
        if depth == len(encoder.layers()):
            return replace(encoded, inputs=dict(encoded.inputs) | {VECTORS: kept.vectors(encoded, advance)})
        return replace(encoded, inputs=dict(encoded.inputs) | {STATES: kept.states(encoded, depth, advance)})

    def labels(self, encoded: Encoded) -> Rows:
        """Return the rows' labels as a loss compares them with outputs: of spans, line by line of their windows."""
        places, targets = self._body().places(encoded.inputs), encoded.targets
        if places is None or not isinstance(targets, Spans):
            return self._body().labels(encoded.inputs, targets)
        return targets.along(places, encoded.ids)

    def lengths(self, encoded: Encoded) -> np.ndarray | None:
        """Return how much work each row is, or None where all are alike."""
        known = [encoder.lengths(encoded.inputs) for encoder in self._encoders().values()]
        return next((one for one in known if one is not None), None)

    def collate(self, encoded: Encoded, positions: np.ndarray) -> dict[str, dict[str, torch.Tensor]]:
        """Return the tensors of some rows, by encoder."""
        return {
            name: {key: one.to(self.device) for key, one in self._tensors(name, encoded, positions).items()}
            for name in self.net.encoders
        }

    def outputs(self, encoded: Encoded, advance: Advance | None = None) -> Rows:
        """Return raw outputs, float64 (rows, width), or Ragged of values (total, width) where rows have several."""
        found = self._run(encoded, self.net, self.width, advance)
        places = self._body().places(encoded.inputs)
        if places is None:
            return self._body().finished(found, encoded.inputs)
        return Windows(flat(found), places.offsets, places)

    def answer(self, encoded: Encoded, advance: Advance | None = None) -> Rows:
        """Return the outputs with what the model writes for each row, where it is one that writes."""
        return self._body().written(self.outputs(encoded), encoded.inputs, advance)

    def tell(self, encoded: Encoded, hear: Callable[[str], None]) -> str:
        """Return what the body writes for the only row, told piece by piece."""
        return self._body().tell(encoded.inputs, hear)

    def features(self, encoded: Encoded, advance: Advance | None = None) -> Rows | None:
        """Return the body's vectors, float64 (rows, size), None where it is not pre-trained, or reads windows."""
        encoder = self._body()
        if not encoder.is_pretrained or encoder.is_whole or encoder.places(encoded.inputs) is not None:
            return None
        if encoder.units(encoded.inputs) is not None:
            return self._run(encoded, lambda tensors: encoder(tensors[self.body]), encoder.width, advance)
        try:
            return Kept(encoder, self.store, self.device).vectors(encoded, advance).astype(np.float64)
        except StoreError:
            return Kept(encoder, None, self.device).vectors(encoded, advance).astype(np.float64)

    def features_of_texts(self, encoded: Encoded) -> np.ndarray | None:
        """Return the body's vectors of each row's two texts, float32 (rows, 2, size), None without such."""
        body = self._encoders()[self.body]
        encoder = apart(body, encoded.inputs) if body.is_pretrained else None
        if encoder is None:
            return None
        rows = replace(encoded, inputs=encoder.prepare(encoded.inputs))
        vectors = Kept(encoder, None, self.device).vectors(rows)
        return vectors[:, : encoder.width // 2].reshape(len(encoded), 2, -1)

    def words(self, encoded: Encoded, position: int) -> list[str] | None:
        """Return the tokens of a prepared row in letters, None where no encoder reads tokens."""
        known = [encoder.words(encoded.inputs, position) for encoder in self._encoders().values()]
        return next((one for one in known if one is not None), None)

    def files(self) -> dict[str, bytes]:
        """Return `frozen.safetensors` (equal for all versions of one base), `weights.safetensors` and assets."""
        state, shared = self.net.state_dict(), self._shared()
        tensors = {name: one.detach().cpu().contiguous() for name, one in state.items() if name not in shared}
        files = {"weights.safetensors": save_tensors({k: v for k, v in tensors.items() if k not in self.frozen})}
        if self.frozen:
            files["frozen.safetensors"] = save_tensors({k: v for k, v in tensors.items() if k in self.frozen})
        for encoder in self._encoders().values():
            files |= encoder.assets()
        return files

    def load(self, files: Mapping[str, bytes]) -> None:
        """Take both weight files; every tensor must be there, with its shape."""
        try:
            tensors = load_tensors(files["weights.safetensors"])
            if "frozen.safetensors" in files:
                frozen = load_tensors(files["frozen.safetensors"])
                tensors |= frozen
                self.frozen = frozenset(frozen)
            state = tensors | {name: tensors[first] for name, first in self._shared().items()}
            self.net.load_state_dict(state)
        except (KeyError, RuntimeError, SafetensorError) as error:
            reason = first_line(error)
            raise VerificationError(f"the stored weights do not fit the stored architecture: {reason}") from error
        self.net.eval()

    def _tensors(self, name: str, encoded: Encoded, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return what one encoder's vectors are computed from, or those vectors where they are known."""
        known, states = encoded.inputs.get(VECTORS), encoded.inputs.get(STATES)
        if name == self.body and isinstance(known, np.ndarray):
            return {"vectors": torch.from_numpy(known[positions])}
        if name == self.body and isinstance(states, States):
            block, mask = states.block(positions)
            tensor = torch.from_numpy(block)
            tensor = tensor.view(torch.bfloat16) if block.dtype == np.uint16 else tensor
            return {"states": tensor, "mask": torch.from_numpy(mask), "depth": torch.tensor(states.depth)}
        return self._encoders()[name].collate(encoded.inputs, positions)

    def _shared(self) -> dict[str, str]:
        """Return the names of weights that are another's too, such as a head's that are its words' vectors."""
        first = {id(one): name for name, one in self.net.named_parameters()}
        every = self.net.named_parameters(remove_duplicate=False)
        return {name: first[id(one)] for name, one in every if first[id(one)] != name}

    def _encoders(self) -> dict[str, Encoder]:
        return dict(self.net.encoders.items())  # type: ignore[arg-type]

    def _body(self) -> Encoder:
        return self._encoders()[self.body]

    def _units(self, encoded: Encoded) -> np.ndarray | None:
        """Return how many vectors each row has, or None where each has one."""
        return self._encoders()[self.body].units(encoded.inputs)

    def _run(self, encoded: Encoded, call: Call, width: int, advance: Advance | None) -> Rows:
        """Call on batches of rows of like length."""
        units = self._units(encoded)
        lines = np.ones(len(encoded), np.int64) if units is None else units
        result, done = Ragged.cut(np.zeros((int(lines.sum()), width)), lines), 0
        if not len(result.values):
            return result.values if units is None else result
        self.net.eval()
        with torch.inference_mode():
            for rows in answer_batches(len(encoded), self.lengths(encoded)):
                result.put(rows, call(self.collate(encoded, rows)).float().cpu().numpy())
                done += len(rows)
                if advance is not None:
                    advance(done)
        return result.values if units is None else result
