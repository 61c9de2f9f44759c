"""The differentiable shape: encoders side by side, their vectors joined, one linear head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from ..core.errors import VerificationError
from ..core.seed import derive
from ..data import Encoded
from ..parts.bases import Shape
from ..parts.bases._encoder import Encoder
from . import Advance, Model

ANSWER_ROWS = 64  # rows per batch when measuring and answering


class Net(nn.Module):
    """The torch module: `tensors` by encoder name in, outputs (rows, width) out."""

    def __init__(self, encoders: Mapping[str, Encoder], width: int, dropout: float, seed: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(dict(encoders))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(sum(encoder.width for encoder in encoders.values()), width)
        generator = torch.Generator().manual_seed(derive(seed, "head"))
        nn.init.normal_(self.head.weight, std=0.02, generator=generator)
        nn.init.zeros_(self.head.bias)

    def join(self, tensors: Mapping[str, Mapping[str, torch.Tensor]]) -> torch.Tensor:
        """Return the encoders' vectors side by side, (rows, sum of widths)."""
        return torch.cat([encoder(tensors[name]) for name, encoder in self.encoders.items()], dim=1)

    def forward(self, tensors: Mapping[str, Mapping[str, torch.Tensor]]) -> torch.Tensor:
        """Return outputs (rows, width)."""
        return self.head(self.dropout(self.join(tensors)))


class Network(Model):
    """A `Net` with the conversions around it."""

    def __init__(self, net: Net, shape: Shape, body: str, device: torch.device) -> None:
        """`body` names the encoder that a strategy applies to; the others are new and always move."""
        self.net = net.to(device)
        self.shape = shape
        self.body = body
        self.device = device
        self.width = net.head.out_features
        self.frozen: frozenset[str] = frozenset()

    def prepare(self, encoded: Encoded) -> Encoded:
        """Let every encoder add what it needs, such as tokens."""
        inputs = dict(encoded.inputs)
        for encoder in self._encoders().values():
            inputs = encoder.prepare(inputs)
        return Encoded(encoded.ids, inputs, encoded.targets, encoded.weights)

    def lengths(self, encoded: Encoded) -> np.ndarray | None:
        """Return how much work each row is, or None where all are alike."""
        known = [encoder.lengths(encoded.inputs) for encoder in self._encoders().values()]
        return next((one for one in known if one is not None), None)

    def collate(self, encoded: Encoded, positions: np.ndarray) -> dict[str, dict[str, torch.Tensor]]:
        """Return the tensors of some rows, by encoder."""
        return {
            name: {key: one.to(self.device) for key, one in encoder.collate(encoded.inputs, positions).items()}
            for name, encoder in self._encoders().items()
        }

    def outputs(self, encoded: Encoded, advance: Advance | None = None) -> np.ndarray:
        """Return raw outputs, float64 (rows, width)."""
        return self._run(encoded, self.net, self.width, advance)

    def features(self, encoded: Encoded, advance: Advance | None = None) -> np.ndarray | None:
        """Return the body's pooled vectors beside the encoded columns."""
        encoder = self._encoders()[self.body]
        return self._run(encoded, lambda tensors: encoder(tensors[self.body]), encoder.width, advance)

    def words(self, encoded: Encoded, position: int) -> list[str] | None:
        """Return the tokens of a prepared row in letters, None where no encoder reads tokens."""
        known = [encoder.words(encoded.inputs, position) for encoder in self._encoders().values()]
        return next((one for one in known if one is not None), None)

    def files(self) -> dict[str, bytes]:
        """Return `frozen.safetensors` (equal for all versions of one base), `weights.safetensors` and assets."""
        tensors = {name: one.detach().cpu().contiguous() for name, one in self.net.state_dict().items()}
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
            self.net.load_state_dict(tensors)
        except (KeyError, RuntimeError, SafetensorError) as error:
            reason = str(error).splitlines()[0]
            raise VerificationError(f"the stored weights do not fit the stored architecture: {reason}") from error
        self.net.eval()

    def _encoders(self) -> dict[str, Encoder]:
        return dict(self.net.encoders.items())  # type: ignore[arg-type]

    def _run(self, encoded: Encoded, call: object, width: int, advance: Advance | None) -> np.ndarray:
        """Call on batches of like length, longest first, so that a lack of memory shows at once."""
        lengths = self.lengths(encoded)
        order = np.arange(len(encoded)) if lengths is None else np.argsort(-lengths, kind="stable")
        result = np.zeros((len(encoded), width))
        self.net.eval()
        with torch.inference_mode():
            for start in range(0, len(order), ANSWER_ROWS):
                rows = order[start : start + ANSWER_ROWS]
                result[rows] = call(self.collate(encoded, rows)).float().cpu().numpy()  # type: ignore[operator]
                if advance is not None:
                    advance(start + len(rows))
        return result
