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
    from .experiments.approximation import Approximation as Approximation
    from .experiments.approximation import approximate as approximate
    from .experiments.best_learning_rate import BestRate as BestRate
    from .experiments.best_learning_rate import best_learning_rate as best_learning_rate
    from .experiments.compare import compare as compare
    from .experiments.compare import judge as judge
    from .experiments.comparison import Comparison as Comparison
    from .experiments.neuron_regularization import NeuronRegularization as NeuronRegularization
    from .experiments.neuron_regularization import neuron_regularization as neuron_regularization
    from .experiments.plan import Plan as Plan
    from .experiments.plan import plan as plan
    from .experiments.regularization import Regularization as Regularization
    from .experiments.regularization import regularization as regularization
    from .experiments.sweep import sweep as sweep
    from .experiments.sweep_result import Sweep as Sweep
    from .generalization.curve import Generalization as Generalization
    from .generalization.curve import generalization as generalization
    from .odes.continuation import Continuation as Continuation
    from .odes.continuation import follow as follow
    from .odes.fixed_points import FixedPoint as FixedPoint
    from .odes.fixed_points import FixedPoints as FixedPoints
    from .odes.fixed_points import fixed_points as fixed_points
    from .odes.flow import DivergenceWarning as DivergenceWarning
    from .odes.flow import Flow as Flow
    from .odes.flow import FlowError as FlowError
    from .odes.flow import integrate as integrate
    from .odes.fluctuations import Fluctuations as Fluctuations
    from .odes.fluctuations import fluctuations as fluctuations
    from .odes.formats import Equations as Equations
    from .odes.formats import derive as derive
    from .odes.optimal_schedule import Schedule as Schedule
    from .odes.optimal_schedule import optimal_schedule as optimal_schedule
    from .teacher_student.problem import Problem as Problem
    from .teacher_student.runs import Runs as Runs
    from .teacher_student.simulate import simulate as simulate
    from .teacher_student.train import train as train
    from .teacher_student.training_runs import TrainingRuns as TrainingRuns

#: Public names and where they live; imported on first use, so that `import bntheory` is cheap.
_PUBLIC = {
    "Generalization": "generalization.curve",
    "generalization": "generalization",
    "train": "teacher_student.train",
    "TrainingRuns": "teacher_student.training_runs",
    "Fluctuations": "odes.fluctuations",
    "fluctuations": "odes.fluctuations",
    "Comparison": "experiments.comparison",
    "compare": "experiments.compare",
    "judge": "experiments.compare",
    "Equations": "odes.formats",
    "derive": "odes.formats",
    "Plan": "experiments.plan",
    "plan": "experiments.plan",
    "BestRate": "experiments.best_learning_rate",
    "best_learning_rate": "experiments.best_learning_rate",
    "Sweep": "experiments.sweep_result",
    "sweep": "experiments.sweep",
    "Continuation": "odes.continuation",
    "follow": "odes.continuation",
    "FixedPoint": "odes.fixed_points",
    "FixedPoints": "odes.fixed_points",
    "fixed_points": "odes.fixed_points",
    "DivergenceWarning": "odes.flow",
    "Flow": "odes.flow",
    "FlowError": "odes.flow",
    "integrate": "odes.flow",
    "Schedule": "odes.optimal_schedule",
    "optimal_schedule": "odes.optimal_schedule",
    "Problem": "teacher_student.problem",
    "Runs": "teacher_student.runs",
    "simulate": "teacher_student.simulate",
    "approximate": "experiments.approximation",
    "Approximation": "experiments.approximation",
    "regularization": "experiments.regularization",
    "neuron_regularization": "experiments.neuron_regularization",
    "Regularization": "experiments.regularization",
    "NeuronRegularization": "experiments.neuron_regularization",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module(".results.files", __name__).package_version()
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_PUBLIC[name]}", __name__)
    # The folder `generalization` is called as a function: a name cannot stand for both.
    value = module if _PUBLIC[name] == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
