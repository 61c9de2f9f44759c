"""BERT's arithmetic written for processors: the module's own weights and formulas, three times fewer waits.

Where transformers' module spends its time on a processor, and what stands here instead (docs/decisions/0010):
attention's fused backward kernel takes half of a training step (here: two batched products and a softmax); query, key
and value are three products (here: one); every product re-casts its operands under autocast (here: states stay in the
computing precision from layer to layer, the weights' master copy stays fp32).

Axis suffixes: B rows, T tokens, D width, H heads, K width of one head, N = B x T.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

FAMILIES = frozenset({"bert", "roberta", "xlm-roberta"})
MANY_ROWS = 1000  # from here on, a transposed copy of the narrower operand costs less than the product's own reordering
MASKED = -1e9
TOLERANCE = 1e-4  # largest accepted difference to the original module, in fp32, relative to the largest state


class BertKernel:
    """Runs the layers of a `BertModel` or `RobertaModel`; holds no weights of its own."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.layers = list(body.encoder.layer)
        self.is_checkpointing = False
        """Recompute each layer's inside in the backward pass instead of keeping it: less memory, a third more time."""

    @staticmethod
    def fits(body: Any) -> bool:
        """Return whether the body is of a known family, in the shape that the formulas here are for."""
        config = body.config
        return (
            config.model_type in FAMILIES
            and config.hidden_act == "gelu"
            and getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
            and not getattr(config, "is_decoder", False)
            and (config.model_type == "bert" or config.pad_token_id is not None)
            and hasattr(body, "encoder")
        )

    def embed(self, tokens_BT: torch.Tensor, types_BT: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states below the first layer, (rows, tokens, width), in the computing precision.

        `types_BT` are 0 in a row's first text and 1 in its second; where they are not given, there is one text.
        """
        part = self.body.embeddings
        if self.body.config.model_type == "bert":
            places_BTD = part.position_embeddings.weight[: tokens_BT.shape[1]]
        else:  # RoBERTa counts what is not the padding token, from behind that token's own number
            steps_BT = (tokens_BT != part.word_embeddings.padding_idx).long()
            places_BTD = part.position_embeddings(steps_BT.cumsum(1) * steps_BT + part.padding_idx)
        typed = part.token_type_embeddings
        types_BTD = typed.weight[0] if types_BT is None else typed(types_BT)
        states_BTD = part.word_embeddings(tokens_BT) + places_BTD + types_BTD
        with torch.autocast(tokens_BT.device.type, enabled=False):
            states_BTD = part.dropout(_norm(part.LayerNorm, states_BTD))
        return states_BTD.to(_precision(tokens_BT.device.type))

    def run(self, states_BTD: torch.Tensor, mask_BT: torch.Tensor, start: int = 0, stop: int | None = None) -> Any:
        """Return the states above layers `start` to `stop` (the last where not given), (rows, tokens, width)."""
        precision = _precision(states_BTD.device.type)
        rows, tokens, width = states_BTD.shape
        mask_B11T = None
        if not bool(mask_BT.all()):
            mask_B11T = torch.where(mask_BT, 0.0, MASKED).to(precision)[:, None, None, :]
        states_ND = states_BTD.to(precision).reshape(rows * tokens, width)
        with torch.autocast(states_BTD.device.type, enabled=False):
            for layer in self.layers[start:stop]:
                if self.is_checkpointing and torch.is_grad_enabled():
                    states_ND = checkpoint(self._layer, layer, states_ND, mask_B11T, rows, use_reentrant=False)
                else:
                    states_ND = self._layer(layer, states_ND, mask_B11T, rows)
        return states_ND.view(rows, tokens, width)

    def _layer(self, layer: Any, states_ND: torch.Tensor, mask_B11T: torch.Tensor | None, rows: int) -> torch.Tensor:
        attended_ND = self._attention(layer.attention.self, states_ND, mask_B11T, rows)
        states_ND = self._beside(layer.attention.output, attended_ND, states_ND)
        inner_NF = functional.gelu(_linear(layer.intermediate.dense, states_ND))
        return self._beside(layer.output, inner_NF, states_ND)

    def _beside(self, part: Any, values: torch.Tensor, states_ND: torch.Tensor) -> torch.Tensor:
        """Project, drop out, add the states that went in, and normalise."""
        return _norm(part.LayerNorm, part.dropout(_linear(part.dense, values)) + states_ND)

    def _attention(self, part: Any, states_ND: torch.Tensor, mask_B11T: Any, rows: int) -> torch.Tensor:
        """Softmax(QK'/sqrt(K))V (Vaswani et al., NeurIPS 2017, equation 1), (rows x tokens, width)."""
        heads, size = part.num_attention_heads, part.attention_head_size
        tokens, width = len(states_ND) // rows, heads * size
        packed = _projections(part, states_ND).view(rows, tokens, 3, heads, size).permute(2, 0, 3, 1, 4)
        query, key, value = packed.reshape(3, rows * heads, tokens, size)
        scores = torch.bmm(query * size**-0.5, key.transpose(1, 2))
        if mask_B11T is not None:
            scores = (scores.view(rows, heads, tokens, tokens) + mask_B11T).view_as(scores)
        chances = part.dropout(torch.softmax(scores, -1))
        return torch.bmm(chances, value).view(rows, heads, tokens, size).transpose(1, 2).reshape(-1, width)


def positions(body: Any) -> int | None:
    """Return how many tokens of a row have a position of their own, None where the configuration sets no limit."""
    most = getattr(body.config, "max_position_embeddings", None)
    table = getattr(getattr(body, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return most if most is None or padding is None else most - padding - 1  # RoBERTa's begin behind the padding's


def checked(body: Any) -> BertKernel | None:
    """Return the kernel of this body, None where it has none or where it does not agree with the module itself."""
    if not BertKernel.fits(body):
        return None
    kernel, was_training = BertKernel(body), body.training
    body.eval()
    try:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            longest = min(9, positions(body) or 9)
            mask = torch.arange(longest)[None, :] < torch.tensor([[longest], [(longest + 1) // 2]])
            every = torch.arange(2 * longest).view(2, longest) % body.config.vocab_size
            tokens = torch.where(mask, every, body.config.pad_token_id or 0)
            types = (every % 2) % body.config.type_vocab_size
            own = kernel.run(kernel.embed(tokens, types), mask)[mask]
            known = body(input_ids=tokens, attention_mask=mask.long(), token_type_ids=types)
            original = known.last_hidden_state[mask]
    except AttributeError:  # a module was put in the place of one whose parts the formulas read
        return None
    finally:
        body.train(was_training)
    is_equal = (own - original).abs().max() <= TOLERANCE * original.abs().max().clamp(min=1.0)
    return kernel if is_equal else None


def _precision(device: str) -> torch.dtype:
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32


def _norm(part: Any, states: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(states, part.normalized_shape, part.weight, part.bias, part.eps)


def _linear(part: Any, values: torch.Tensor) -> torch.Tensor:
    """Return values W' + b; a module that stands in a plain linear layer's place (an adapter) computes itself."""
    if type(part) is nn.Linear:
        return _Product.apply(values, part.bias, part.weight)
    return part(values.float()).to(values.dtype)


def _projections(part: Any, states_ND: torch.Tensor) -> torch.Tensor:
    """Return queries, keys and values side by side, (rows x tokens, 3 x width)."""
    three = (part.query, part.key, part.value)
    if all(type(one) is nn.Linear for one in three):
        return _Product.apply(states_ND, torch.cat([one.bias for one in three]), *(one.weight for one in three))
    return torch.cat([_linear(one, states_ND) for one in three], dim=1)


class _Product(torch.autograd.Function):
    """values W' + b with W stacked from fp32 weights; the products run in the precision of `values`."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, bias: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        sizes = [len(one) for one in weights]
        if len(weights) == 1:
            stacked = weights[0].to(values.dtype)
        else:
            stacked = torch.empty(sum(sizes), weights[0].shape[1], dtype=values.dtype, device=values.device)
            for place, one in zip(stacked.split(sizes), weights, strict=True):
                place.copy_(one)
        ctx.sizes = sizes
        ctx.save_for_backward(values if any(ctx.needs_input_grad[2:]) else None, stacked)
        return functional.linear(values, stacked, bias.to(values.dtype))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return gradients of values, bias and each weight; those of the parameters in fp32."""
        (gradient,) = gradients
        values, stacked = ctx.saved_tensors
        needs_values, needs_bias, *needs_weights = ctx.needs_input_grad
        to_values = gradient @ stacked if needs_values else None
        to_bias = gradient.sum(0).float() if needs_bias else None
        to_weights: tuple[torch.Tensor | None, ...] = (None,) * len(ctx.sizes)
        if any(needs_weights):
            to_weights = _outer(gradient, values).float().split(ctx.sizes)
        return to_values, to_bias, *to_weights


def _outer(gradient: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return gradient' values, (outputs, inputs): the same product, its operands laid out as the library is fastest."""
    if len(values) < MANY_ROWS or gradient.shape[1] == values.shape[1]:
        return gradient.t() @ values
    if gradient.shape[1] < values.shape[1]:
        return gradient.t().contiguous() @ values
    return (values.t().contiguous() @ gradient).t()
