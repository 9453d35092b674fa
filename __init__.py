"""The theory of batch normalisation as software.

One description of a teacher-student problem, three readings of it: a derived order-parameter
flow, an exact simulation, and a verdict on whether the two agree.

Examples
--------
>>> import bntheory as bn
>>> problem = bn.Problem(activation="relu", scheme="pn", eta=1.0, batch_size=32)
>>> runs = bn.simulate(problem, dim=1000, runs=4, time=1.0, points=3, seed=0)
>>> runs.R.shape
(4, 3)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiments.advice.advise import Advice as Advice
    from .experiments.advice.advise import advise as advise
    from .experiments.advice.rows import AdviceRow as AdviceRow
    from .experiments.advice.training import NetworkTraining as NetworkTraining
    from .experiments.fitting.fit import Fit as Fit
    from .experiments.fitting.fit import fit as fit
    from .experiments.inference.inference import Inference as Inference
    from .experiments.inference.inference import inference as inference
    from .experiments.inference.over_time import InferenceOverTime as InferenceOverTime
    from .experiments.inference.over_time import inference_over_time as inference_over_time
    from .experiments.regularization.approximation import Approximation as Approximation
    from .experiments.regularization.approximation import approximate as approximate
    from .experiments.regularization.gamma import Regularization as Regularization
    from .experiments.regularization.gamma import regularization as regularization
    from .experiments.regularization.neuron import NeuronRegularization as NeuronRegularization
    from .experiments.regularization.neuron import neuron_regularization as neuron_regularization
    from .experiments.sweeps.best_learning_rate import BestRate as BestRate
    from .experiments.sweeps.best_learning_rate import best_learning_rate as best_learning_rate
    from .experiments.sweeps.result import Sweep as Sweep
    from .experiments.sweeps.sweep import sweep as sweep
    from .experiments.verdict.committee_comparison import CommitteeComparison as CommitteeComparison
    from .experiments.verdict.compare import compare as compare
    from .experiments.verdict.compare import judge as judge
    from .experiments.verdict.comparison import Comparison as Comparison
    from .experiments.verdict.plan import Plan as Plan
    from .experiments.verdict.plan import plan as plan
    from .finite_load.curve import Generalization as Generalization
    from .finite_load.curve import generalization as generalization
    from .odes.committee.committee_points import CommitteePoint as CommitteePoint
    from .odes.committee.committee_points import CommitteePoints as CommitteePoints
    from .odes.committee.flow import CommitteeFlow as CommitteeFlow
    from .odes.equations.committees import CommitteeEquations as CommitteeEquations
    from .odes.equations.formats import Equations as Equations
    from .odes.equations.formats import derive as derive
    from .odes.equilibria.continuation import Continuation as Continuation
    from .odes.equilibria.continuation import follow as follow
    from .odes.equilibria.every_point import fixed_points as fixed_points
    from .odes.equilibria.optimal_schedule import Schedule as Schedule
    from .odes.equilibria.optimal_schedule import optimal_schedule as optimal_schedule
    from .odes.equilibria.points import FixedPoint as FixedPoint
    from .odes.equilibria.points import FixedPoints as FixedPoints
    from .odes.flow.expected_loss import expected_loss as expected_loss
    from .odes.flow.integrate import integrate as integrate
    from .odes.flow.trajectory import Flow as Flow
    from .odes.flow.trajectory import FlowError as FlowError
    from .odes.fluctuations.covariance import Fluctuations as Fluctuations
    from .odes.fluctuations.covariance import fluctuations as fluctuations
    from .results.errors import DivergenceWarning as DivergenceWarning
    from .results.saved import load as load
    from .teacher_student.online.committee.runs import CommitteeRuns as CommitteeRuns
    from .teacher_student.online.runs import Runs as Runs
    from .teacher_student.online.simulate import simulate as simulate
    from .teacher_student.problem import Problem as Problem
    from .teacher_student.training.runs import TrainingRuns as TrainingRuns
    from .teacher_student.training.train import train as train

#: Public names and where they live; imported on first use, so that `import bntheory` is cheap.
_PUBLIC = {
    "Generalization": "finite_load.curve",
    "generalization": "finite_load.curve",
    "train": "teacher_student.training.train",
    "TrainingRuns": "teacher_student.training.runs",
    "Fluctuations": "odes.fluctuations.covariance",
    "fluctuations": "odes.fluctuations.covariance",
    "Comparison": "experiments.verdict.comparison",
    "CommitteeComparison": "experiments.verdict.committee_comparison",
    "compare": "experiments.verdict.compare",
    "judge": "experiments.verdict.compare",
    "Equations": "odes.equations.formats",
    "CommitteeEquations": "odes.equations.committees",
    "derive": "odes.equations.formats",
    "Plan": "experiments.verdict.plan",
    "plan": "experiments.verdict.plan",
    "BestRate": "experiments.sweeps.best_learning_rate",
    "best_learning_rate": "experiments.sweeps.best_learning_rate",
    "Sweep": "experiments.sweeps.result",
    "sweep": "experiments.sweeps.sweep",
    "CommitteeFlow": "odes.committee.flow",
    "CommitteePoint": "odes.committee.committee_points",
    "CommitteePoints": "odes.committee.committee_points",
    "Continuation": "odes.equilibria.continuation",
    "follow": "odes.equilibria.continuation",
    "FixedPoint": "odes.equilibria.points",
    "FixedPoints": "odes.equilibria.points",
    "fixed_points": "odes.equilibria.every_point",
    "DivergenceWarning": "results.errors",
    "Flow": "odes.flow.trajectory",
    "FlowError": "odes.flow.trajectory",
    "expected_loss": "odes.flow.expected_loss",
    "integrate": "odes.flow.integrate",
    "Schedule": "odes.equilibria.optimal_schedule",
    "optimal_schedule": "odes.equilibria.optimal_schedule",
    "load": "results.saved",
    "Problem": "teacher_student.problem",
    "Runs": "teacher_student.online.runs",
    "CommitteeRuns": "teacher_student.online.committee.runs",
    "simulate": "teacher_student.online.simulate",
    "Advice": "experiments.advice.advise",
    "advise": "experiments.advice.advise",
    "AdviceRow": "experiments.advice.rows",
    "NetworkTraining": "experiments.advice.training",
    "Fit": "experiments.fitting.fit",
    "fit": "experiments.fitting.fit",
    "Inference": "experiments.inference.inference",
    "inference": "experiments.inference.inference",
    "InferenceOverTime": "experiments.inference.over_time",
    "inference_over_time": "experiments.inference.over_time",
    "approximate": "experiments.regularization.approximation",
    "Approximation": "experiments.regularization.approximation",
    "regularization": "experiments.regularization.gamma",
    "neuron_regularization": "experiments.regularization.neuron",
    "Regularization": "experiments.regularization.gamma",
    "NeuronRegularization": "experiments.regularization.neuron",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module(".results.files", __name__).package_version()
    if name not in _PUBLIC:
        what = import_module(".results.named", __name__).what_there_is
        raise AttributeError(what(__name__, name, __all__), name=name)
    value = getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
