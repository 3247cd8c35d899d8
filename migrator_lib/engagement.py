"""An engagement: one company's migration, opened by every notebook and every command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from migrator_lib import gates, interactive, mapping, voice
from migrator_lib.canary import digest_of
from migrator_lib.clock import Clock, ScaledClock
from migrator_lib.control import Control
from migrator_lib.errors import OutOfTurn, ParameterError, StorageError
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.sign_in import signing
from migrator_lib.gorgias.transport import Transport
from migrator_lib.ledger import Ledger, open_ledger
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import Difference, Question, difference
from migrator_lib.mapping import signed as signed_mapping
from migrator_lib.pages import counted
from migrator_lib.parameters import Account, Parameters, load
from migrator_lib.paths import Paths
from migrator_lib.progress import Progress
from migrator_lib.proofs import asking
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.purge import require_not_purged
from migrator_lib.rollback.standing import Standing, is_under_way
from migrator_lib.secret import resolve_options, resolve_secret
from migrator_lib.simulators import embedded
from migrator_lib.smartertrack.connection import Waits
from migrator_lib.smartertrack.database import SourceDatabase
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.smartertrack.patience import Patience
from migrator_lib.staging import Staged

if TYPE_CHECKING:
    from migrator_lib.gorgias.help_center.outcome import HelpCenter

STEPS = (
    "01_audit",
    "02_schema_design",
    "03_sample_migration",
    "04_extract",
    "05_load",
    "06_reconcile",
    "07_cutover",
    "08_hypercare",
)
"""The runbook, in order."""
ROLL_BACK = "90_rollback"
ASIDE = (ROLL_BACK,)
"""Steps that no run takes by itself: ``--only`` names them."""
ALL_STEPS = (*STEPS, *ASIDE)
NEEDS = {**dict(zip(STEPS[1:], STEPS, strict=False)), ROLL_BACK: "03_sample_migration"}
"""Step to the step whose results it reads."""
NEEDS_BEGUN = {ROLL_BACK}
"""Steps for which it is enough that the other was begun: what a step wrote that was given up can be rolled back."""
WRITES = {"03_sample_migration", "05_load", "07_cutover", ROLL_BACK}
"""Steps that write to Gorgias. Without ``execute`` they rehearse: everything is done but the writing."""
NEEDS_STAGED = {"05_load", "06_reconcile", "07_cutover", "08_hypercare", ROLL_BACK}
"""Steps that cannot run once what was staged is purged."""
SEEN_BY_THE_STEP = {"side_effects", "hands_off", "silence", "roll_back"}
"""Gates that their own step looks at, so that they are not asked for before it."""
AFTER_REHEARSAL = {"04_extract", "05_load"}
"""Steps that may follow a rehearsal, as long as nothing is to be written."""


class Engagement:
    """Everything a step needs, opened when first asked for."""

    def __init__(self, root: Path, name: str, *, step: str = "", execute: bool = False, run_id: str = "") -> None:
        self.name = name
        self.step = step
        self.execute = execute
        self.paths = Paths.of(root, name)
        self.parameters: Parameters = load(self.paths.engagement_file)
        self.run_id = run_id or os.environ.get("MIGRATOR_RUN_ID", "interactive")
        self.paths.make()
        simulated = self.parameters.target.simulator
        self.clock: Clock = ScaledClock(simulated.speed if simulated else 1.0)
        self._apis: dict[str, GorgiasApi] = {}
        self.life: Literal["new", "running", "ended"] = "new"
        """Where the step is that :meth:`start` begins and :meth:`close` ends."""

    # --- parts -------------------------------------------------------------------------------------

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        settings = self.parameters.ledger
        password = resolve_secret(settings.password) if settings.password else None
        return open_ledger(
            self.paths.state, self.name, url=settings.url, password=password, run_id=self.run_id,
            patience_seconds=settings.patience_seconds,
        )  # fmt: skip

    @cached_property
    def progress(self) -> Progress:
        """Progress of the running step."""
        return Progress(self.paths.state / "progress.json", self.step, lambda: self.ledger.renew_lease(), self.control)

    @cached_property
    def control(self) -> Control:
        """What the run is asked to do from outside: pause, stop."""
        return Control(self.paths.reports, self.name)

    @cached_property
    def source(self) -> SourceDatabase:
        """The SmarterTrack database, checked to be readable and complete enough."""
        database = self.open_source()
        database.preflight()
        return database

    def open_source(self) -> SourceDatabase:
        """Return the SmarterTrack database as it is, not checked."""
        settings = self.parameters.source
        url = settings.url or embedded.source_url(self.parameters, self.paths)
        password = resolve_secret(settings.password) if settings.password else None
        return SourceDatabase(
            url,
            password=password,
            prefix=settings.prefix,
            odbc_drivers=settings.odbc_drivers,
            waits=Waits(settings.login_seconds, settings.query_seconds),
            schema=settings.table_schema or None,
            patience=Patience(settings.patience_seconds, lambda words: self.progress.wait(words)),
        )

    @cached_property
    def files_root(self) -> FilesRoot | None:
        """The files root, or None where the engagement has no files.

        Raises:
            ParameterError: what its URL needs is not installed.
        """
        settings = self.parameters.source
        if settings.files_root:
            return FilesRoot.at(settings.files_root, resolve_options(settings.files_options))
        return FilesRoot.at(embedded.files_root(self.paths)) if settings.simulator else None

    @property
    def clock_now(self) -> datetime:
        """The current moment, UTC."""
        return datetime.now(UTC)

    @property
    def target_rate(self) -> float:
        """Calls per second that this engagement may use."""
        rate = self.parameters.target.rate
        return rate.requests / rate.window_seconds * (1 - rate.reserve)

    @property
    def mapping(self) -> mapping.EngagementMapping:
        """The mapping as it stands in the file."""
        if not self.paths.mapping_file.exists():
            raise OutOfTurn(
                f"{self.paths.mapping_file} is not there yet.",
                next_step=f"migrator run {self.name} --only 02 proposes it.",
            )
        return mapping.load(self.paths.mapping_file)

    @property
    def questions(self) -> list[Question]:
        """What the mapping asks and nobody has answered yet."""
        return mapping.questions(self.paths.mapping_file) if self.paths.mapping_file.exists() else []

    def changed_since_signed(self) -> list[Difference] | None:
        """Return what changed in the mapping since somebody signed it; None where that cannot be told."""
        signed = gates.SignOffs(self.paths.signoffs_file).signed(gates.find("mapping"))
        return signed_mapping.changed_since(self.paths.signed_mapping_file, signed, self.mapping)

    def account(self, target: str) -> Account:
        """Return the parameters of an account: production or sandbox.

        Raises:
            ParameterError: there is no sandbox, since the sample goes into production.
        """
        found = self.parameters.target.accounts.get(target)
        if found is None:
            raise ParameterError(
                f"This engagement has no {target} account: its sample goes into production.",
                next_step="name the production account (or give target.sandbox in engagement.yaml again).",
            )
        return found

    @property
    def sample_account(self) -> str:
        """Name of the account that the sample goes into: sandbox, or production where the engagement says so."""
        return self.parameters.target.sample_account

    def api(self, target: str) -> GorgiasApi:
        """Return the API of an account, behind its gate and the mail guard."""
        if target not in self._apis:
            account, settings = self.account(target), self.parameters.target
            rate = settings.rate
            gate = RateGate(
                requests=rate.requests, window_seconds=rate.window_seconds, reserve=rate.reserve, clock=self.clock
            )
            url = self.account_url(target)
            transport = Transport(
                url,
                auth=signing(account, url, self.clock),
                gate=gate,
                clock=self.clock,
                timeout_seconds=settings.timeout_seconds,
                bytes_per_second=settings.upload_bytes_per_second,
                allow_invitations=self.parameters.agents.missing == "create",
                allow_snooze=self.parameters.policy.snooze,
                may_write=self.ledger.check_lease,
            )
            self._apis[target] = GorgiasApi(transport)
        return self._apis[target]

    def help_center(self, target: str) -> HelpCenter:
        """Return the way into an account's help center that was chosen; a package is written beside the documents."""
        from migrator_lib.gorgias.help_center.way import way_in  # no notebook but one that brings articles needs it

        folder = self.paths.documents / "help_center"
        return way_in(self.parameters.help_center, self.api(target), folder, company=self.parameters.company)

    def account_url(self, target: str) -> str:
        """Return an account's address; a simulated one is started if it does not run yet."""
        account = self.account(target)
        if account.url:
            return account.url
        return embedded.account_url(self.parameters, self.paths, target)

    def staged(self, *stages: str) -> Staged:
        """Return read access to stages, later ones laid over earlier ones."""
        return Staged([self.paths.staged / stage for stage in stages])

    def lookups(self, staged: Staged) -> Lookups:
        """Return the look-ups of staged data under the current mapping.

        Raises:
            OutOfTurn: there is no mapping yet, or what was staged is purged.
        """
        if not any(folder.is_dir() for folder in staged.folders):
            require_not_purged(self.ledger, self.name)
        found, known = self.parameters, self.behaviour
        limits = {"lookup_lag_seconds": known.lookup_lag_seconds, "upload_limit_bytes": known.upload_limit_bytes}
        settings = found.model_copy(update={"target": found.target.model_copy(update=limits)})
        lookups = Lookups.of(staged, self.mapping, settings, lambda: self.progress.advance(0))
        lookups.behaviour = known
        return lookups

    @property
    def behaviour(self) -> Behaviour:
        """What depends on how Gorgias answers: as the sandbox did, as a person says, or as is assumed.

        Raises:
            ParameterError: ``target.proofs`` names a probe that there is not.
        """
        return asking.behaviour(self.ledger, self.parameters.target)

    @property
    def all_stages(self) -> Staged:
        """The full extract with every delta laid over it."""
        return self.staged("full", *self.ledger.meta("deltas", []))

    # --- gates -------------------------------------------------------------------------------------

    def gate_subject(self, gate: gates.Gate) -> str | None:
        """Return the hash of what a gate's signature is bound to, or None while it does not exist."""
        if not gate.statement:
            return None
        if gate.name == "mapping":
            return self.mapping.hash if self.paths.mapping_file.exists() else None
        if gate.name == "sample":
            from migrator_lib.sample import required  # it opens engagements itself

            return required.subject(self.ledger)
        if gate.name == "hands_off":
            listed = self.ledger.meta("hands_off")
            return gates.hash_of_lines(listed) if listed else None
        if gate.name == "silence":
            return digest_of(self.ledger, "production")
        if gate.name == "roll_back":
            return Standing.of(self.ledger, "production").digest or None
        return gates.statement_hash(gate)

    def gate_states(self) -> list[gates.GateState]:
        """Return where every gate stands that this engagement has; of a step aside only once there is a subject."""
        shown = [gate for gate in gates.GATES if gate.before not in ASIDE or self.gate_subject(gate) is not None]
        return self._gate_states([gate for gate in shown if gate.name != voice.GATE or self.needs_voice])

    @property
    def needs_voice(self) -> bool:
        """Whether anything becomes a ticket of channel phone: call logs, or tickets by the mapping."""
        return self.calls_move or bool(self.phone_words)

    @property
    def phone_words(self) -> list[str]:
        """The words of the field that holds the channel of tickets which the mapping makes channel phone."""
        file = self.paths.mapping_file
        return voice.words(mapping.load_as_proposed(file)) if file.exists() else []

    @property
    def calls_move(self) -> bool:
        """Whether there are call logs, as far as is known, and they are not left out."""
        if self.step == "01_audit":
            there = self.source.count("CallLogs") or 0
        else:
            there = self.staged("full").count("CallLogs") if self.paths.staged.exists() else 0
        return voice.in_scope(self.parameters, self.ledger.meta("audit"), there)

    def gate_state(self, name: str) -> gates.GateState:
        """Return where one gate stands.

        Raises:
            ParameterError: there is none of that name.
        """
        return self._gate_states([gates.find(name)])[0]

    def _gate_states(self, looked_at: Sequence[gates.Gate]) -> list[gates.GateState]:
        signoffs = gates.SignOffs(self.paths.signoffs_file)
        signed = signoffs.states((gate, self.gate_subject(gate)) for gate in looked_at if gate.statement)
        if "mapping" in signed:
            signed["mapping"] = self._mapping_gate(signed["mapping"])
        if voice.GATE in signed and signed[voice.GATE].state != "met" and self.ledger.meta(voice.GATE):
            signed[voice.GATE] = replace(signed[voice.GATE], detail=(str(self.ledger.meta(voice.GATE)),))
        if "sample" in signed:
            from migrator_lib.sample import signing  # it opens engagements itself

            signed["sample"] = signing.explained(self, signed["sample"])
        return [signed.get(gate.name) or gates.checked(gate, self._seen(gate)) for gate in looked_at]

    def _mapping_gate(self, state: gates.GateState) -> gates.GateState:
        """Return where the gate of the mapping stands: closed by a question, and with what changed since."""
        asked = self.questions
        if asked:
            words = f"{counted(len(asked), 'question')} in mapping.yaml {'waits' if len(asked) == 1 else 'wait'} for an"
            lines = tuple(one.words() for one in asked)
            first = f"write the answers in {self.paths.mapping_file}, then "
            return replace(state, state="open", reason=f"{words} answer", detail=lines, answer_first=first)
        if state.state != "stale":
            return state
        changed = self.changed_since_signed()
        if changed is None:
            return replace(state, detail=("what was signed is not kept, so the difference cannot be shown",))
        return replace(state, detail=tuple(difference.listed(changed)))

    def _seen(self, gate: gates.Gate) -> dict[str, Any] | None:
        """Return what a check saw for its gate; what the sandbox answered is judged anew each time."""
        if gate.name == "proofs":
            return asking.seen(self.ledger, self.parameters.target)
        if gate.name == "side_effects":
            return self._seen_of_accounts()
        seen: dict[str, Any] | None = self.ledger.meta(gate.name)
        return seen

    def _seen_of_accounts(self) -> dict[str, Any] | None:
        """Return what acts in the production account; in the sandbox, where something does only there."""
        production: dict[str, Any] | None = self.ledger.meta("side_effects:production")
        sandbox: dict[str, Any] | None = self.ledger.meta("side_effects:sandbox")
        if sandbox and not sandbox["ok"] and (production is None or production["ok"]):
            return sandbox
        return production

    def note_check(self, gate: str, *, ok: bool, words: str = "", account: str = "") -> None:
        """Keep what a check saw, for its gate; of an account, where it looked at one."""
        at = self.clock_now.isoformat(timespec="seconds")
        self.ledger.set_meta(f"{gate}:{account}" if account else gate, {"ok": ok, "words": words, "at": at})

    @property
    def rehearsal(self) -> bool:
        """Whether this step would write to Gorgias, but may not."""
        return self.step in WRITES and not self.execute

    def check_turn(self) -> None:
        """Refuse to start before the step whose results are needed, or before an open gate.

        Raises:
            OutOfTurn: naming the step that has to run first.
            GateClosed: naming the gate and how to open it.
            StorageError: too little room.
        """
        self._check_room()
        self._check_roll_back()
        if self.step in NEEDS_STAGED:
            require_not_purged(self.ledger, self.name)
        needed = NEEDS.get(self.step)
        if needed and not self._is_ready(needed):
            undone = Standing.of(self.ledger, "production").state == "done" and "05" <= needed[:2] < "90"
            why = f"{self.step} was started before {needed} was done."
            raise OutOfTurn(
                f"What was loaded is rolled back, so {needed} is to be done again first." if undone else why,
                next_step=f"migrator run {self.name} --from {needed[:2]} --to {self.step[:2]}"
                + (" --execute" if {needed, self.step} & WRITES else ""),
            )
        if not self.rehearsal:
            states = {state.name: state for state in self.gate_states()}
            for gate in gates.GATES:
                needed_here = self.step in (gate.before, *gate.and_before) and gate.name not in SEEN_BY_THE_STEP
                if needed_here and gate.name in states:
                    gates.require(states[gate.name], self.name, self.step)

    def _check_roll_back(self) -> None:
        """Refuse to write to an account whose roll-back is half done: nobody could tell what goes and what stays."""
        target = self.sample_account if self.step == "03_sample_migration" else "production"
        writes = self.step in WRITES and self.step != ROLL_BACK and self.execute
        if writes and is_under_way(self.ledger, target):
            more = "" if target == "production" else " -p account=sandbox"
            raise OutOfTurn(
                f"The roll-back of the {target} account was begun, and is not finished.",
                next_step=f"migrator run {self.name} --only 90{more} --execute finishes it; then run again.",
            )

    def _is_ready(self, step: str) -> bool:
        if self.ledger.step_is_done(step):
            return True
        if self.step in NEEDS_BEGUN:
            return any(attempt["step"] == step and attempt["status"] != "rehearsed" for attempt in self.ledger.steps())
        return not self.execute and self.step in AFTER_REHEARSAL and self.ledger.step_is_done(step, rehearsed=True)

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.paths.reports).free
        if free < self.parameters.free_disk_bytes:
            raise StorageError(
                f"The disk of {self.paths.reports} has {free / 1e6:,.0f} MB left, and free_disk_bytes asks for "
                f"{self.parameters.free_disk_bytes / 1e6:,.0f} MB.",
                next_step="make room, or move reports/ to a larger disk; nothing was started, nothing is lost.",
            )

    # --- life --------------------------------------------------------------------------------------

    def start(self) -> Engagement:
        """Take the lease and note that the step runs."""
        interactive.opening(self)
        self.check_turn()
        self.ledger.take_lease()
        self.ledger.mark_step(self.step, "running")
        if "MIGRATOR_DRIVER" not in os.environ:  # else the driver does, before its first step
            self.control.forget_stop()
        self.control.listen_in_cells()
        self.life = "running"
        interactive.opened(self)
        return self

    def api_usage(self) -> dict[str, dict[str, Any]]:
        """Return how this step used the limit of each account: the keys are those of :class:`~.rate.Usage`."""
        return {target: asdict(api.gate.usage()) for target, api in self._apis.items()}

    def done(self, summary: Mapping[str, Any] | None = None) -> None:
        """Note that the step is done (or rehearsed), with what the summary needs, and give the lease back."""
        status = "rehearsed" if self.rehearsal else "done"
        self.ledger.mark_step(self.step, status, {**(summary or {}), "api": self.api_usage()})
        interactive.done(self)
        self.close()

    def close(self) -> None:
        """Give everything back. A step that was started can then write no more: a cell may be run again after the last.

        What is looked up of it afterwards still answers.
        """
        self.control.listen_no_more()
        if "source" in self.__dict__:
            self.source.close()
        with suppress(Exception):
            self.ledger.close()
        if self.life == "running":
            self.life = "ended"
            self.ledger.refuse_writes(f"{self.step} has ended here, so nothing more is written by it.")
