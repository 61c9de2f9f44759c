"""The probe decides by its figures alone, remembers what it decided, and leaves no trace in the process."""

import json
import os

import pytest
import torch

from tunesmith.parts.engines import _measuring, _probe
from tunesmith.parts.engines._probe import Asked, Choice, Figures, Product, Step, choose, decide, place
from tunesmith.parts.engines._reasons import reasons
from tunesmith.parts.engines.local import Local


def step(precision="fp32", threads=1, seconds=1.0, error=1e-6):
    return Step(precision=precision, threads=threads, seconds=seconds, error=error)


def product(routing="ieee", seconds=1.0, error=4e-7):
    return Product(routing=routing, seconds=seconds, error=error)


def chosen(*rows):
    products = tuple(row for row in rows if isinstance(row, Product))
    return decide(Figures(products=products, steps=tuple(row for row in rows if isinstance(row, Step)) or (step(),)))


FIGURES = Figures(
    products=(product(), product("bf16", 0.3, 3e-3)),
    steps=(step(threads=2, seconds=0.6), step(), step("bf16", 2, 0.2, 0.01), step("bf16", 1, 0.3, 0.01)),
)


@pytest.fixture(autouse=True)
def _forgetful(tmp_path, monkeypatch):
    """As in a new process, on a machine that nothing is known of."""
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_probe, "_decided", {})


@pytest.fixture
def new_process(monkeypatch):
    return lambda: monkeypatch.setattr(_probe, "_decided", {})


@pytest.fixture
def calls(monkeypatch):
    """Count measurements instead of taking them."""
    seen = []

    def measured(asked):
        seen.append(asked)
        return FIGURES

    monkeypatch.setattr(_probe, "measure", measured)
    return seen


@pytest.mark.parametrize(
    ("seconds", "error", "precision"),
    [
        (0.5, 0.01, "bf16"),
        (0.8, 0.01, "bf16"),
        (0.9, 0.01, "fp32"),
        (2.0, 0.01, "fp32"),
        (0.1, 0.2, "fp32"),
    ],
    ids=["fast", "just fast enough", "not worth it", "slower", "inaccurate"],
)
def test_bf16_has_to_be_clearly_faster_and_close_enough(seconds, error, precision):
    assert chosen(step(), step("bf16", 1, seconds, error)).precision == precision


def test_each_precision_is_taken_at_its_best_number_of_threads():
    rows = (step(threads=2, seconds=0.5), step(), step("bf16", 2, 9.0, 0.01), step("bf16", 1, 0.45, 0.01))
    assert chosen(*rows).precision == "fp32"
    assert chosen(*rows[:3], step("bf16", 1, 0.4, 0.01)).precision == "bf16"
    assert chosen(*rows[:3], step("bf16", 1, 0.4, 0.01)).threads == 1


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_fixed_precision_stays(precision):
    assert chosen(step(precision, error=0.5)).precision == precision


@pytest.mark.parametrize(
    ("rows", "routing"),
    [
        ([], "ieee"),
        ([product(), product("bf16", 0.3, 3e-3)], "ieee"),
        ([product(), product("bf16", 0.3)], "bf16"),
        ([product(), product("tf32", 0.5), product("bf16", 0.3)], "bf16"),
        ([product(), product("tf32", 0.32), product("bf16", 0.3)], "tf32"),
        ([product(), product("tf32", 0.5), product("bf16", 0.3, 3e-3)], "tf32"),
        ([product(), product("bf16", 0.95)], "ieee"),
        ([product(error=1e-3), product("bf16", 2.0, 1e-3)], "ieee"),
    ],
    ids=["none", "inexact", "exact", "fastest", "tie of two", "fastest exact", "tie", "never without"],
)
def test_fp32_products_go_the_fastest_way_at_fp32_accuracy(rows, routing):
    assert chosen(*rows).fp32_routing == routing


def test_among_numbers_of_threads_as_fast_the_first_is_taken():
    assert chosen(step(threads=4, seconds=0.52), step(threads=8, seconds=0.5), step(threads=1)).threads == 4
    assert chosen(step(threads=4, seconds=0.6), step(threads=8, seconds=0.5), step(threads=1)).threads == 8
    assert chosen(step(threads=4, seconds=1.2), step(threads=8, seconds=2.0), step(threads=1)).threads == 1


@pytest.mark.parametrize(("others", "threads"), [(0.0, 1), (0.2, 1), (0.5, 4)])
def test_a_busy_moment_does_not_decide_on_threads(others, threads):
    steps = (step(threads=4, seconds=3.0), step(), step("bf16", 4, 2.0, 0.01), step("bf16", 1, 0.5, 0.01))
    found = decide(Figures(steps=steps, others=others))
    assert (found.precision, found.threads) == ("bf16", threads)
    assert ("not compared" in reasons(found)["threads"]) == (others == 0.5)


def test_what_others_compute_is_told_from_what_we_do(monkeypatch, tmp_path):
    file, tick = tmp_path / "stat", 1 / os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(_measuring, "STATISTICS", file)
    monkeypatch.setattr(_measuring.time, "process_time", lambda: 20 * tick)
    assert _measuring.others_seconds([0, 2]) == 0
    file.write_text(
        "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 10 1 2 5000 6000 3 4 5 7 7\ncpu1 99 0 0 0 0 0 0 0 0 0\n"
        "cpu2 1 0 0 5000 0 0 0 0 0 0\ncpu20 99 0 0 0 0 0 0 0 0 0\nintr 5 5\n"
    )
    assert _measuring.others_seconds([0, 2]) == pytest.approx(6 * tick)


def test_the_choice_is_made_once_per_process(calls):
    assert choose(Asked()) is choose(Asked())
    assert len(calls) == 1


def test_the_choice_is_made_once_per_machine(calls, new_process):
    first = choose(Asked())
    new_process()
    assert choose(Asked()) == first
    assert len(calls) == 1
    assert os.listdir(place(Asked()).parent) == [place(Asked()).name]


def test_what_another_process_decided_meanwhile_is_taken(monkeypatch, new_process):
    other = Figures(steps=(step(threads=7),))

    def measured(asked):
        _probe._write(asked, decide(other))
        return FIGURES

    monkeypatch.setattr(_probe, "measure", measured)
    assert choose(Asked()).threads == 7
    new_process()
    assert choose(Asked()).threads == 7


def test_each_request_has_a_memory_of_its_own(calls):
    places = {place(asked) for asked in (Asked(), Asked(precision="fp32"), Asked(threads=2))}
    assert len(places) == 3
    choose(Asked())
    choose(Asked(precision="fp32"))
    assert len(calls) == 2


@pytest.mark.parametrize(
    "change",
    [("ATEN_CPU_CAPABILITY", "default"), ("ONEDNN_MAX_CPU_ISA", "AVX2")],
    ids=lambda change: change[0],
)
def test_a_machine_told_to_compute_otherwise_is_another(monkeypatch, change):
    before = place(Asked())
    monkeypatch.setenv(*change)
    assert place(Asked()) != before


@pytest.mark.parametrize("name", ["cores", "physical_cores"])
def test_other_cores_are_another_machine(monkeypatch, name):
    before = place(Asked())
    monkeypatch.setattr(_probe, name, {"cores": lambda: [0] * 99, "physical_cores": lambda: 99}[name])
    assert place(Asked()) != before


def test_the_processor_is_read_from_the_kernel(monkeypatch, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(_probe, "CPUINFO", cpuinfo)
    assert _probe.machine(Asked())["processor"]
    cpuinfo.write_text(
        "model\t\t: 7\nmodel name\t: Chip\ncpu MHz\t\t: 1.0\nflags\t\t: avx2 fpu amx_bf16\n\nmodel name\t: B\n"
    )
    known = _probe.machine(Asked())
    assert (known["processor"], known["flags"]) == (["7", "Chip"], ["amx_bf16", "avx2"])
    cpuinfo.write_text("processor\t: 0\nFeatures\t: fp asimd sve2 bf16\nCPU part\t: 0xd40\n")
    known = _probe.machine(Asked())
    assert (known["processor"], known["flags"]) == (["0xd40"], ["asimd", "bf16", "sve2"])


def broken(change):
    def write(file):
        value = json.loads(file.read_text())
        change(value)
        file.write_text(json.dumps(value))

    return write


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"\xff\xfe not JSON"),
        lambda file: file.write_text("[]"),
        lambda file: file.write_text(file.read_text()[:-20]),
        lambda file: (file.unlink(), file.mkdir()),
        broken(lambda value: value["choice"].update(precision="fp8")),
        broken(lambda value: value["choice"].update(threads=64)),
        broken(lambda value: value["choice"].update(figures=None)),
        broken(lambda value: value["choice"]["figures"].update(steps=[])),
        broken(lambda value: value["machine"].update(processor=["another"])),
    ],
    ids=["empty", "bytes", "list", "cut", "folder", "precision", "threads", "unfounded", "no_steps", "another_machine"],
)
def test_a_memory_that_cannot_be_believed_is_measured_again(calls, new_process, spoil):
    first = choose(Asked())
    spoil(place(Asked()))
    new_process()
    assert choose(Asked()) == first
    assert len(calls) == 2


def test_a_memory_that_cannot_be_written_is_no_error(calls, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TUNESMITH_CACHE", str(tmp_path / "file" / "cache"))
    assert choose(Asked()) is choose(Asked())
    assert len(calls) == 1
    assert not place(Asked()).exists()


def test_a_write_that_fails_leaves_nothing_behind(calls, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_probe.os, "replace", full)
    choose(Asked())
    assert os.listdir(place(Asked()).parent) == []


def test_the_memory_lies_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("TUNESMITH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert place(Asked()).parent == tmp_path / "mine" / "tunesmith"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place(Asked()).parent == tmp_path / ".cache" / "tunesmith"


def test_all_fixed_is_measured_never(calls):
    assert choose(Asked(precision="bf16", threads=3)) == Choice(precision="bf16", fp32_routing="ieee", threads=3)
    assert calls == []
    assert not place(Asked(precision="bf16", threads=3)).parent.exists()


@pytest.fixture
def settings():
    """Put the process's settings back after a test that changes them."""
    kept = _measuring.undisturbed()
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    with kept:
        yield
    torch.use_deterministic_algorithms(was_deterministic)


def state():
    matmul = torch.backends.mkldnn.matmul.fp32_precision
    modes = (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))
    return torch.get_num_threads(), matmul, modes, torch.get_rng_state().tolist()


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.inference_mode], ids=["grad", "inference"])
def test_measuring_leaves_no_trace(settings, monkeypatch, mode):
    monkeypatch.setattr(_measuring, "ROUNDS", 1)
    torch.set_num_threads(1)
    _measuring.set_routing("tf32")
    torch.manual_seed(5)
    with mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        before = state()
        figures = _probe.measure(Asked())
        assert state() == before
    assert {row.precision for row in figures.steps} >= {"fp32"}
    assert all(row.error < 1e-4 for row in figures.steps if row.precision == "fp32")
    assert all(row.error <= _probe.EXACT for row in figures.products if row.routing == "ieee")


def test_settings_are_put_back_after_an_error(settings, monkeypatch):
    torch.set_num_threads(1)
    _measuring.set_routing("none")
    before = state()

    def stopped(*_):
        torch.set_num_threads(2)
        raise KeyboardInterrupt

    monkeypatch.setattr(_measuring, "products", stopped)
    with pytest.raises(KeyboardInterrupt):
        _probe.measure(Asked())
    assert state() == before


def test_what_is_fixed_is_not_measured(settings, monkeypatch):
    monkeypatch.setattr(_measuring, "products", lambda routings: [(1.0, 0.0)] * len(routings))
    monkeypatch.setattr(_measuring, "step_error", lambda precision: 0.0)
    monkeypatch.setattr(_measuring, "has_bf16", lambda: True)
    monkeypatch.setattr(_measuring, "step_seconds", lambda precisions, count: [1.0] * len(precisions))
    monkeypatch.setattr(_measuring, "set_threads", lambda count, are_pinned: seen.append((count, are_pinned)))
    monkeypatch.setattr(_probe, "cores", lambda: [0, 2, 1, 3])
    monkeypatch.setattr(_probe, "physical_cores", lambda: 2)

    def cells(asked):
        seen.clear()
        return [(row.precision, row.threads) for row in _probe.measure(asked).steps]

    seen = []
    assert cells(Asked(threads=3)) == [("fp32", 3), ("bf16", 3)]
    assert seen == [(3, False)]
    assert cells(Asked(precision="bf16")) == [("bf16", 2), ("bf16", 4), ("bf16", 1)]
    assert seen == [(4, True)]
    monkeypatch.setattr(_measuring, "has_bf16", lambda: False)
    monkeypatch.setattr(_measuring, "can_route", lambda: False)
    assert {precision for precision, _ in cells(Asked())} == {"fp32"}
    assert _probe.measure(Asked()).products == ()


def test_the_error_is_relative_to_the_row_and_the_largest():
    exact = torch.tensor([[3.0, 4.0], [300.0, 400.0]], dtype=torch.float64)
    found = exact + torch.tensor([[0.0, 0.5], [0.0, 5.0]])
    assert _measuring.row_error(found.float(), exact) == pytest.approx(0.1)
    found[0, 0] = float("nan")
    assert _measuring.row_error(found.float(), exact) == 1.0


def test_a_product_in_bf16_is_seen(monkeypatch):
    """Whatever a routing means on this processor: where products are rounded to bf16, the error says so."""
    monkeypatch.setattr(_measuring, "least_seconds", lambda works, limit_seconds: [1.0] * len(works))
    asked = []

    def rounding(routing):
        asked.append(routing)

    monkeypatch.setattr(_measuring, "set_routing", rounding)
    true = torch.Tensor.__matmul__

    def matmul(left, right):
        if asked and asked[-1] == "bf16":
            return true(left.bfloat16(), right.bfloat16()).float()
        return true(left, right)

    monkeypatch.setattr(torch.Tensor, "__matmul__", matmul)
    with _measuring.undisturbed():
        (_, exact), (_, rounded) = _measuring.products(["ieee", "bf16"])
    assert exact < _probe.EXACT < rounded


def test_the_hopeless_are_run_once_more_after_waking(monkeypatch):
    now, runs = [0.0], {"fast": 0, "slow": 0}
    monkeypatch.setattr(_measuring.time, "perf_counter", lambda: now[0])

    def work(name, seconds):
        def run():
            runs[name] += 1
            now[0] += seconds

        return run

    assert _measuring.least_seconds([work("fast", 1.0), work("slow", 3.0)], 100.0) == [1.0, 3.0]
    assert runs == {"fast": 1 + _measuring.ROUNDS, "slow": 2}
    runs.update(fast=0)
    _measuring.least_seconds([work("fast", 1.0)], 2.5)
    assert runs["fast"] == 1 + 3


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([step()], {"precision": "fp32", "threads": "1", "fp32_routing": "ieee"}),
        (
            [product(), product("bf16", 0.3, 3e-3), step(seconds=3.4), step("bf16", 1, 1.0, 0.012)],
            {
                "precision": "bf16 (3.4x as fast as fp32 here, error 1.2 %)",
                "fp32_routing": "ieee (bf16 errs by 3e-03)",
            },
        ),
        ([step(), step("bf16", 1, 0.9, 0.01)], {"precision": "fp32 (bf16 is 1.1x as fast here, 1.2x is needed)"}),
        (
            [step(), step("bf16", 1, 0.5, 0.2)],
            {"precision": "fp32 (bf16 is 2.0x as fast here, but errs by 20 %, allowed 3 %)"},
        ),
        (
            [product(), product("tf32", 1.0), product("bf16", 0.5, 6e-7), step(threads=2, seconds=0.5), step()],
            {
                "fp32_routing": "bf16 (2.0x as fast as torch's own, error 6e-07)",
                "threads": "2 (2.0x the time on 1)",
            },
        ),
        (
            [product(), product("tf32", 1.25)],
            {"fp32_routing": "ieee (tf32 is 0.8x as fast, 1.1x is needed)"},
        ),
    ],
    ids=["fixed", "bf16", "slow", "inexact", "routed", "unrouted"],
)
def test_the_reason_is_told(rows, words):
    assert words.items() <= reasons(chosen(*rows)).items()


def test_an_engine_computes_as_the_probe_found(calls, settings):
    engine = Local(run_on="cpu")
    engine.start()
    with engine.autocast():
        assert torch.is_autocast_enabled("cpu")
    assert torch.get_num_threads() == 2
    assert engine.describe() == {"device": "cpu", **reasons(decide(FIGURES))}
    assert calls == [Asked()]


def test_an_engine_applies_and_takes_back_the_routing(monkeypatch, settings):
    routed = Figures(products=(product(), product("bf16", 0.3)), steps=(step(),))
    monkeypatch.setattr(_probe, "measure", lambda asked: routed)
    Local(run_on="cpu").start()
    assert torch.backends.mkldnn.matmul.fp32_precision == "bf16"
    Local(run_on="cpu", precision="fp32", threads=1).start()
    assert torch.backends.mkldnn.matmul.fp32_precision == "ieee"


def test_an_engine_with_all_fixed_asks_nothing(calls, settings):
    engine = Local(run_on="cpu", precision="fp32", threads=1)
    engine.start()
    with engine.autocast():
        assert not torch.is_autocast_enabled("cpu")
    assert engine.describe() == {"device": "cpu", "precision": "fp32", "threads": "1", "fp32_routing": "ieee"}
    assert calls == []


@pytest.mark.parametrize("is_supported", [True, False])
def test_a_gpu_is_not_probed(calls, settings, monkeypatch, is_supported):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: is_supported)
    words = Local().describe()
    assert (words["device"], words["precision"]) == ("cuda", "bf16" if is_supported else "fp32")
    assert calls == []
