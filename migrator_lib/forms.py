"""Gates in a notebook: where they stand and, where a person runs the cells, a form to sign them.

The form does what ``migrator sign`` does, by the same function and into the same file; answers to the mapping's
questions go where an editor would write them. In a run of papermill there is the table, and the commands.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from migrator_lib import gates as gate_module
from migrator_lib import interactive, pages
from migrator_lib.display import STYLE_MARK, WRAPPER, show
from migrator_lib.engagement import Engagement
from migrator_lib.errors import MigratorError, ParameterError
from migrator_lib.gates import GateState
from migrator_lib.mapping import Question
from migrator_lib.mapping.answers import answer
from migrator_lib.pages import Html
from migrator_lib.signing import sign

UP_TO = {"02_schema_design": "03", "03_sample_migration": "05", "05_load": "05", "07_cutover": "07"}
"""Notebook to the last step whose gates it shows: its own, and those that what it shows is signed for."""
ASKED_AT_ONCE = 30
"""Questions that a form asks; the others follow when these are answered."""
HASH_SHOWN = 19
"""Letters of a hash that a table shows: ``sha256:`` and twelve."""
NOT_YET = ""
TONES: dict[str, pages.Tone] = {"met": "good", "open": "warn", "stale": "bad"}


def gates(engagement: Engagement) -> None:
    """Show where the gates stand that matter by this step, and a form for those that a person can sign now."""
    last = UP_TO.get(engagement.step, "99")
    _place(engagement, [gate.name for gate in gate_module.GATES if gate.before[:2] <= last])


def gate(engagement: Engagement, name: str) -> None:
    """Show where one gate stands, and the form for it."""
    _place(engagement, [name])


def _place(engagement: Engagement, names: Sequence[str]) -> None:
    if interactive.is_interactive():
        Panel(engagement, names).show()
    else:
        states = _states(engagement, names)
        commands = [_command(engagement, state) for state in _waiting(engagement, states)]
        show(table(engagement, states), pages.bullets(commands) if commands else "")


def can_be_signed(engagement: Engagement, name: str) -> bool:
    """Whether a gate waits for nothing but a name, or for answers that its form asks for too."""
    states = _states(engagement, [name])
    return any(not state.answer_first for state in _waiting(engagement, states))


def _states(engagement: Engagement, names: Sequence[str]) -> list[GateState]:
    return [state for state in engagement.gate_states() if state.name in names]


def _waiting(engagement: Engagement, states: Sequence[GateState]) -> list[GateState]:
    """Return the gates that a person can sign, or do something for, now."""
    return [state for state in states if state.state != "met" and _subject(engagement, state)]


def _subject(engagement: Engagement, state: GateState) -> str:
    return engagement.gate_subject(gate_module.find(state.name)) or ""


def table(engagement: Engagement, states: Sequence[GateState]) -> Html:
    """Return where gates stand: who opened each, when, and the hash of what was signed."""
    signoffs = gate_module.SignOffs(engagement.paths.signoffs_file)
    rows = [
        {
            "gate": state.name,
            "before": gate_module.find(state.name).before[:2],
            "state": pages.badge(state.state, TONES[state.state]),
            "by": state.by,
            "on (UTC)": pages.tag("time", state.on[:16].replace("T", " ")),
            "what was signed": signoffs.signed(gate_module.find(state.name))[:HASH_SHOWN],
            "remark": state.reason or state.note,
        }
        for state in states
    ]
    return pages.table(rows, caption="Gates, as they stood when this was shown")


def _command(engagement: Engagement, state: GateState) -> Html:
    """Return how a gate is opened from a terminal."""
    first = gate_module.find(state.name).first
    review = [pages.code(f"migrator {first} {engagement.name}"), ", then "] if first else []
    command = pages.code(f'migrator sign {engagement.name} {state.name} --by "YOUR NAME"')
    return pages.join([state.answer_first, *review, command])


# --- the form ------------------------------------------------------------------------------------------


class Form:
    """Fields and buttons below a cell; what a button does that fails is told beside it."""

    def __init__(self, engagement: Engagement) -> None:
        import ipywidgets  # type: ignore[import-untyped]  # a run without a person never needs it

        self._widgets: Any = ipywidgets
        self._engagement = engagement
        self._wide = ipywidgets.Layout(width="min(100%, 34rem)")
        self.box: Any = ipywidgets.VBox()
        self.refresh()

    def show(self) -> None:
        """Show it below the cell that runs; no page of an executed notebook has it."""
        from IPython.display import display

        display(self.box, metadata={STYLE_MARK: True})

    @abstractmethod
    def refresh(self, said: Html | str = "") -> None:
        """Show everything as it is now, and ``said`` above it."""

    def _html(self, content: Html) -> Any:
        return self._widgets.HTML(_shown(content), layout=self._widgets.Layout(width="auto"))

    def _do(self, button: Any, said: Any, work: Callable[[], Html]) -> None:
        """Do what a button asks for, and show everything anew; an error is shown beside the button."""
        if button.disabled:
            return  # the second of two clicks arrives when the first has done it
        try:
            done = work()
            button.disabled = True
            self.refresh(done)
        except MigratorError as error:
            said.value = _shown(_problem(error))

    def _button(self, words: str, work: Callable[[], Html]) -> list[Any]:
        said = self._html(Html(""))
        as_wide = self._widgets.Layout(width="auto", align_self="flex-start", min_width="9rem")
        button = self._widgets.Button(description=words, button_style="primary", layout=as_wide)
        button.on_click(lambda _: self._do(button, said, work))
        return [button, said]

    def _choice(self, choices: Sequence[str], proposed: str = "") -> Any:
        """Return a choice of what an entry becomes; nothing is chosen yet."""
        options = [("not answered yet", NOT_YET)]
        options += [(f"{one} (proposed)" if one == proposed else one, one) for one in choices]
        return self._widgets.Dropdown(options=options, description="becomes", layout=self._wide)


class Panel(Form):
    """The table of gates, and below it what a person can do: answer the mapping's questions, sign."""

    def __init__(self, engagement: Engagement, names: Sequence[str]) -> None:
        self._names = names
        super().__init__(engagement)

    def refresh(self, said: Html | str = "") -> None:
        """Show everything as it is now, and ``said`` above it."""
        states = _states(self._engagement, self._names)
        shown = [self._html(pages.join([table(self._engagement, states), said]))]
        for state in _waiting(self._engagement, states):
            if state.name == "mapping" and self._engagement.questions:
                shown += self._questions()
            elif state.answer_first:
                shown.append(self._html(_card(self._engagement, state)))
            else:
                shown += self._signature(state)
        self.box.children = shown

    # --- signing

    def _signature(self, state: GateState) -> list[Any]:
        subject = _subject(self._engagement, state)
        name = self._widgets.Text(description="Name", placeholder="Margit Olsen", layout=self._wide)
        note = self._widgets.Text(description="Note", placeholder="where the proof is, for instance", layout=self._wide)

        def work() -> Html:
            signed = sign(self._engagement, state.name, by=name.value, note=note.value.strip(), shown=subject)
            return pages.status(
                f"{signed.by} states: {signed.statement}", "good",
                detail=f"Kept in {self._engagement.paths.signoffs_file.name}, bound to {subject[:HASH_SHOWN]}. "
                "Next: run the cell that waited again, or the next notebook.",
            )  # fmt: skip

        for field in (name, note):
            field.add_class(f"migrator-{field.description.lower()}")
        return [self._html(_card(self._engagement, state)), name, note, *self._button(f"Sign {state.name}", work)]

    # --- answering

    def _questions(self) -> list[Any]:
        asked = self._engagement.questions
        fields = {(one.section, one.key): self._field(one) for one in asked[:ASKED_AT_ONCE]}

        def work() -> Html:
            answers = {place: field.value for place, field in fields.items() if field.value != NOT_YET}
            if not answers:
                raise ParameterError("No question has an answer yet.", next_step="choose what becomes of one at least.")
            answer(self._engagement.paths.mapping_file, answers)
            words = f"{pages.counted(len(answers), 'answer')} written into mapping.yaml."
            return pages.status(words, "good", detail="Next: run this notebook again, and see what follows from it.")

        title = f"{pages.counted(len(asked), 'question')} of the mapping" + (
            f", the first {ASKED_AT_ONCE}" if len(asked) > ASKED_AT_ONCE else ""
        )
        shown = [self._html(pages.heading(title, 4))]
        for one in asked[:ASKED_AT_ONCE]:
            shown += [self._html(_question(one)), fields[one.section, one.key]]
        return [*shown, *self._button("Write the answers", work)]

    def _field(self, question: Question) -> Any:
        """Return a choice, or a line of text where the answer is no word of a list; nothing is answered yet."""
        if not question.choices:
            return self._widgets.Combobox(
                options=[question.proposed], placeholder=f"proposed: {question.proposed}", description="becomes",
                layout=self._wide,
            )  # fmt: skip
        return self._choice(question.choices, question.proposed)


def _shown(content: Html) -> Html:
    """Return content as wide as the notebook, whatever is in it: a wide table scrolls."""
    return pages.tag("div", content, class_=WRAPPER, style="contain: inline-size")


def _card(engagement: Engagement, state: GateState) -> Html:
    """Return what a gate is about: what is stated, where it stands, what changed, and the command."""
    found = gate_module.find(state.name)
    return pages.join(
        [
            pages.heading(f"{state.name}: {state.reason or state.state}", 4),
            pages.paragraph(found.statement),
            pages.bullets(state.detail) if state.detail else "",
            pages.note("What is signed: ", pages.code(_subject(engagement, state)), ". From a terminal: ",
                       _command(engagement, state), "."),
        ]
    )  # fmt: skip


def _question(one: Question) -> Html:
    named = pages.join([pages.tag("b", one.name or one.key), f" ({one.section}.{one.key}, line {one.line})"])
    beside = f" Beside it stands '{one.target}'." if one.target else ""
    return pages.paragraph(named, ". Why it is asked: ", one.reason, ".", beside)


def _problem(error: MigratorError) -> Html:
    return pages.status(error.message, "bad", detail=f"Next: {error.next_step}")
