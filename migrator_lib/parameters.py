"""Parameters of one engagement: ``parameters/<engagement>/engagement.yaml``, validated.

An error names the file, the line, the key and the mend. A secret is never written in the file: it is a
reference, ``env:NAME`` or ``keyring:service/user``, resolved only where it is used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml.comments import CommentedMap

from migrator_lib.errors import ParameterError
from migrator_lib.membership.kinds import FilterKind
from migrator_lib.secret import DriverOptions, SecretReference
from migrator_lib.yaml_file import line_of, read_yaml

_PASSWORD = re.compile(r"(pwd|password|passwd)\b['\"]?\s*[=:]", re.IGNORECASE)
"""A password among a URL's options, or in a whole ODBC connection string."""


_SIGNED = re.compile(r"[?&;](sig|signature|token|key|secret|pwd|password)[^=&;]*=", re.IGNORECASE)
"""A key among the options of a URL of files."""


class Model(BaseModel):
    """What every block of the file shares: unknown keys are refused."""

    # an error that is shown with its cause must not show what was typed: it may be a secret
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _without_password(url: str) -> str:
    """Refuse what is no SQLAlchemy URL, and one that holds a password."""
    try:
        parsed = sa.make_url(url) if url else None
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(
            "this is no SQLAlchemy URL; write 'dialect+driver://user@server/database?driver=...'"
        ) from None
    if parsed and (parsed.password is not None or _PASSWORD.search(str(dict(parsed.query)))):
        raise ValueError("the URL holds a password; take it out, and give 'password: env:NAME' instead")
    return url


class SimulatedSource(Model):
    """A made-up SmarterTrack, built when the engagement is first run."""

    seed: int = 7
    tickets: Annotated[int, Field(ge=1, le=2_000_000)] = 1000


class Source(Model):
    """Where SmarterTrack's data is."""

    url: str = ""
    """SQLAlchemy URL without a password: sqlite, mssql, mysql, mariadb or postgresql."""
    password: SecretReference | None = None
    odbc_drivers: tuple[str, ...] = ()
    """Names or paths of ODBC drivers for SQL Server, the first that is there is taken; empty: the best one."""
    login_seconds: Annotated[int, Field(ge=1, le=3600)] = 15
    query_seconds: Annotated[int, Field(ge=0, le=86_400)] = 600
    """How long a statement may take to answer; 0 is without end."""
    patience_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120
    """How long to wait for a database that went away while it was read; 0 stops at once."""
    prefix: str = "st_"
    """What every table's name begins with; ``auto`` finds it."""
    table_schema: str = ""
    """Schema that the tables are in; empty: the login's own or, if nothing is there, the one that holds them."""
    files_root: str = ""
    """Folder, mounted share, or fsspec URL without a password."""
    files_options: DriverOptions = {}
    """What the driver of that URL is given."""
    blob_column: str = ""
    """``Table.Column`` (without prefix) that holds attachments' bytes; empty: looked for; ``none``: there is none."""
    read_from: Literal["restored backup", "snapshot", "live"] = "restored backup"
    page_rows: Annotated[int, Field(ge=10, le=100_000)] = 10_000
    delta_overlap_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 60
    """How far before the last dates that were seen a delta begins to look."""
    portal_url: str = ""
    """Public address of the SmarterTrack portal, for links to old tickets."""
    simulator: SimulatedSource | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Source:
        if not self.url and self.simulator is None:
            raise ValueError("give 'url' (a database), or 'simulator' for a made-up source")
        return self

    @field_validator("url")
    @classmethod
    def _no_password(cls, url: str) -> str:
        return _without_password(url)

    @field_validator("files_root")
    @classmethod
    def _no_password_for_files(cls, root: str) -> str:
        if any(urlsplit(part).password is not None for part in root.split("::")) or _SIGNED.search(root):
            raise ValueError("the URL holds a password or key; take it out, and give 'files_options' instead")
        return root


LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that are this machine."""


def _encrypted(url: str) -> str:
    """Refuse an address on the way to which a key or a token could be read, or that holds one."""
    parts = urlsplit(url)
    local = parts.hostname in LOOPBACK
    if url and not (parts.scheme == "https" and parts.hostname) and not (parts.scheme == "http" and local):
        raise ValueError("the API key would travel unencrypted: write https://<subdomain>.gorgias.com")
    if parts.password is not None:
        raise ValueError("the URL holds a password; take it out, and give 'api_key: env:NAME' instead")
    return url


EncryptedUrl = Annotated[str, AfterValidator(_encrypted)]
"""``https://``; plain http only for a simulated account on this machine."""


class OAuth(Model):
    """An app's way of signing in. Source: developers.gorgias.com, oauth2-authentication-for-creating-apps."""

    client_id: str
    client_secret: SecretReference
    refresh_token: SecretReference
    """What the account gave the app, with the scope ``offline``; a new one is written back to a keyring."""
    token_url: EncryptedUrl = ""
    """Where tokens are given; empty: ``/oauth/token`` below the account's address."""


class Account(Model):
    """One Gorgias account and how to sign in to it: as a user by API key, or as an app by OAuth2."""

    url: EncryptedUrl = ""
    """``https://<subdomain>.gorgias.com``; plain http only for a simulated account on this machine."""
    email: str = ""
    """The user whose API key it is."""
    api_key: SecretReference | None = None
    oauth: OAuth | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Account:
        if (self.api_key is None) == (self.oauth is None):
            raise ValueError("give either 'email' and 'api_key' or 'oauth', the way to sign in")
        if self.api_key and not self.email:
            raise ValueError("'email' is required beside 'api_key': the user whose key it is")
        return self

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The references to secrets that it needs."""
        if self.oauth:
            return (self.oauth.client_secret, self.oauth.refresh_token)
        return (self.api_key,) if self.api_key else ()


class Rate(Model):
    """The API's limit, as documented for the account's plan and way of signing in.

    Source: developers.gorgias.com, limitations: 40 per 20 s by API key, 80 by OAuth2, per 10 s for enterprise.
    """

    requests: Annotated[int, Field(ge=1)] = 40
    window_seconds: Annotated[float, Field(gt=0)] = 20.0
    reserve: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    """Share left to the company's own integrations."""


class SimulatedTarget(Model):
    """A made-up Gorgias on this machine's loopback, with a clock ``speed`` times as fast as the wall."""

    speed: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    seed: str = ""
    """JSON file, relative to the engagement's folder, with what the account holds at first."""


class Canary(Model):
    """Who gets the synthetic tickets that must prove silence, and where a person looks for mail."""

    address: Annotated[str, Field(max_length=320, pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")] = ""
    """An address of the engagement's own; empty: a reserved one, at which nobody could look."""
    wait_seconds: Annotated[float, Field(ge=0, le=86_400)] = 120.0
    """How long they are watched before the load, by the account's clock."""


class SideEffects(Model):
    """What of an account that acts by itself this program may switch off while it writes."""

    switch_off: tuple[Literal["rules", "integrations", "settings"], ...] = ()
    """Kinds that are switched off before the first write, and put back afterwards; what is left on closes a gate."""
    restore: Literal["cutover", "by_hand"] = "cutover"
    """Production is put back at the end of notebook 07, or by ``migrator restore-target`` alone."""


class Target(Model):
    """The Gorgias accounts: production, and a sandbox for the sample."""

    production: Account
    sandbox: Account | None = None
    sample_in_production: bool = False
    """The sample goes into production, where the load adopts it, and there is no sandbox."""
    mailbox: str
    """Support address that old outgoing mail is shown to come from where the source does not say."""
    rate: Rate = Rate()
    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    upload_bytes_per_second: Annotated[float, Field(gt=0)] = 100_000.0
    """What the line carries at least; a large request may take as much longer."""
    workers: Annotated[int, Field(ge=1, le=64)] = 16
    """Requests under way at once, at most; how many there are follows the rate and how long replies take."""
    lookup_lag_seconds: Annotated[float, Field(ge=0)] = 10.0
    """How long a look-up by external id may lag behind a write (unverified; the sandbox tells)."""
    upload_limit_bytes: Annotated[int, Field(ge=1)] = 20_000_000
    """Largest attachment that is tried (Gorgias' limit is not documented)."""
    canary: Canary = Canary()
    proofs: dict[str, Literal["expected", "other"] | int | float] = {}
    """Answers of a person in the place of probes (:mod:`migrator_lib.proofs`), by the probe's name."""
    sanitises_html: bool = False
    """Whether Gorgias takes out of HTML what mail readers do not show, such as scripts and comments (unverified)."""
    not_kept: list[Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$")]] = []
    """Fields that this account was found not to keep as they are sent, so that they are not compared: object and path
    (``customer.channels.preferred``, ``message.via``). Each is told in the report of the reconciliation."""
    side_effects: SideEffects = SideEffects()
    simulator: SimulatedTarget | None = None

    @model_validator(mode="after")
    def _two_accounts(self) -> Target:
        if self.sample_in_production:
            if self.sandbox is not None:
                raise ValueError("'sandbox' is given beside 'sample_in_production: true', which needs none: remove one")
            return self
        if self.sandbox is None:
            raise ValueError("give 'sandbox', another account for the sample, or say 'sample_in_production: true'")
        production, sandbox = (account.url.rstrip("/").lower() for account in (self.production, self.sandbox))
        if production and production == sandbox:
            raise ValueError(
                "'sandbox' is the production account: the sample would be in it twice. Give an account of its own, or "
                "leave 'sandbox' out and say 'sample_in_production: true': then the load adopts the sample"
            )
        return self

    @property
    def accounts(self) -> dict[str, Account]:
        """The accounts that there are, by name."""
        return {"production": self.production, **({"sandbox": self.sandbox} if self.sandbox else {})}

    @property
    def sample_account(self) -> str:
        """Name of the account that the sample goes into, and that is asked what the documentation leaves open."""
        return "production" if self.sample_in_production else "sandbox"

    @property
    def secrets(self) -> tuple[SecretReference, ...]:
        """The references to secrets of all accounts."""
        return tuple(secret for account in self.accounts.values() for secret in account.secrets)


class Agents(Model):
    """What happens to agents."""

    fallback: str
    """E-mail of the Gorgias user who gets what belonged to agents that are not there."""
    missing: Literal["hand_over", "create"] = "hand_over"
    """An active agent without a Gorgias user: hand a list to an admin, or create (Gorgias may send an invitation)."""
    history: Literal["fallback", "by_name"] = "fallback"
    """Closed tickets of agents who are gone: the fallback agent's, or nobody's, where only their name stays on them."""


class Organizations(Model):
    """How members of organizations are told; see :mod:`migrator_lib.membership.kinds`."""

    filter_kinds: dict[str, FilterKind] = {}
    """Words of ``OrganizationFilters.FilterType`` that are not known, and what they mean."""
    phone_fields: tuple[int, ...] = ()
    """Custom fields of users that hold phone numbers; empty: those whose mapping or name says so."""


class Policy(Model):
    """Rules that a person chose."""

    spam_tickets: Literal["skip", "migrate"] = "skip"
    ticket_channel: Literal["email", "api"] = "email"
    snooze: bool = False
    """Whether a status that the mapping keeps by a snooze is kept so: such tickets wake by themselves, and set off the
    account's rules then, after the cutover too. Else its tickets get its tag."""
    ticket_number_in_subject: bool = False
    """Whether a ticket's SmarterTrack number, and those merged into it, stand at the end of its subject."""
    personal_replies: Literal["migrate", "skip"] = "migrate"
    """Canned replies of one agent become macros, which are everybody's, or are left out."""
    survey_timezone: str = "UTC"
    """Zone of the dates of surveys, which say none (unverified); a name of the IANA's, such as ``Europe/Berlin``."""
    call_logs: Literal["migrate", "skip"] = "migrate"
    """Call logs become tickets of channel phone, which needs the Voice add-on, or are left out."""
    private_articles: Literal["draft", "unlisted", "skip"] = "draft"
    """Articles that the public cannot read in SmarterTrack: drafts, read by whoever has the address, or left out."""
    articles_of_all_brands: Literal["every", "default"] = "every"
    """Where brands have help centers of their own: such articles go into every one, or into the common one alone."""
    ai_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of tickets the company expects its AI Agent to resolve, for the cost estimate."""

    @field_validator("survey_timezone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; write a name such as Europe/Berlin") from None
        return name


class MappingAssistant(Model):
    """A language model that may propose what the rules are not sure of; nobody is asked without a URL."""

    url: EncryptedUrl = ""
    """Of any OpenAI-compatible API, up to its version, such as ``https://models.example.com/v1``; empty: off."""
    model: str = ""
    api_key: SecretReference | None = None
    most_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How sure a proposal of it may be, at most; below 0.6 each is a question to a person."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0

    @model_validator(mode="after")
    def _which_one(self) -> MappingAssistant:
        if self.url and not self.model:
            raise ValueError("'url' needs 'model': the name of the model to ask")
        return self


class HelpCenterSettings(Model):
    """How articles come into Gorgias' Help Center."""

    way: Literal["package", "api"] = "package"
    """An export package for the product's own importer, or the undocumented API."""
    id: Annotated[int, Field(ge=1)] | None = None
    """The help center to write to, by ``api``."""
    api_url: EncryptedUrl = ""
    """Where that API is; empty: the address that public clients of it use."""
    addresses: dict[Annotated[int, Field(ge=0)], EncryptedUrl] = {}
    """Where customers read each help center, by its number (0: that of a package without one); old links lead there."""

    @model_validator(mode="after")
    def _which_one(self) -> HelpCenterSettings:
        if self.way == "api" and self.id is None:
            raise ValueError("'way: api' needs 'id': the number of the help center to write to")
        return self


class LedgerPlace(Model):
    """Where the ledger is kept."""

    url: str = ""
    """SQLAlchemy URL of a PostgreSQL database, without a password; empty: an SQLite file in the state folder."""
    password: SecretReference | None = None
    patience_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120
    """How long to wait for a server that went away; 0 stops at once."""

    @field_validator("url")
    @classmethod
    def _of_a_server(cls, url: str) -> str:
        url = _without_password(url)
        if url and sa.make_url(url).get_backend_name() not in ("postgresql", "postgres"):
            raise ValueError("a ledger is kept in PostgreSQL (postgresql://...), or in a file where this is empty")
        return url


class Loading(Model):
    """In which order tickets are loaded; what is in Gorgias afterwards is the same."""

    order: Literal["by_id", "open_first"] = "by_id"
    """By number; or the open and the recent ones first, so that agents can start, and then history, newest first."""
    recent_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """How many days before the last activity of all a closed ticket was last active, to go with the open ones."""
    running_count: bool = True
    """Whether tickets are read back while they are loaded, a call for a hundred of them, and the load stops where too
    many differ."""


class Sample(Model):
    """The sample that is loaded into the sandbox before everything else."""

    size: Annotated[int, Field(ge=1, le=500)] = 30
    seed: int = 1
    required: Literal["auto", "always"] = "auto"
    """Whether it has to be reviewed before the load: by rule (many tickets, complex custom fields), or always."""


class Delta(Model):
    """What becomes in Gorgias of what was loaded and changed in the source since, by rule; and the freeze."""

    deleted_tickets: Literal["trash", "keep"] = "trash"
    """A ticket that was deleted (or became spam, where that is left out): into the trash, if no agent changed it."""
    purged_tickets: Literal["keep"] = "keep"
    """A ticket that the source does not hold any more: SmarterTrack purges by age, so it stays."""
    edited_messages: Literal["replace", "keep"] = "replace"
    """A message of a loaded ticket that is another one now: edited, or by another mapping, or with a file that was
    missing. Deleted and made again, since Gorgias has no harmless way to change one."""
    removed_messages: Literal["keep", "remove"] = "keep"
    """A message of a loaded ticket that the source does not hold any more."""
    freeze_hours: Annotated[float, Field(gt=0, le=168)] = 8.0
    """How long SmarterTrack may stand still at the cutover."""


class Expectations(Model):
    """What is expected of staged data and of what was read back: :mod:`migrator_lib.expectations`."""

    run: bool = True
    """Whether it is checked, by Great Expectations: some seconds for each of notebooks 04, 06 and 07."""


class Hypercare(Model):
    """The days after the cutover, on each of which everything is compared once more."""

    days: Annotated[int, Field(ge=1, le=60)] = 3


class Reconciling(Model):
    """What verification does beyond reading lists."""

    download: Literal["all"] | Annotated[float, Field(ge=0, le=1)] = 0.01
    """How many uploaded files are read back at each verification, as a share of the load's calls: those never seen
    first, then those seen longest ago. ``all`` (or 1): every one, a call each; 0: none."""
    file_hosts: tuple[str, ...] = ()
    """Hosts beside the account's own that files may be read from, without a key: where Gorgias answers an upload with
    such an address (unverified)."""

    @property
    def share(self) -> float:
        """The share as a number, 0 to 1."""
        return 1.0 if self.download == "all" else self.download


class RollBack(Model):
    """How what was loaded can be taken out again (notebook 90)."""

    snapshot: Literal["full", "off"] = "full"
    """Whether the account is listed before the first write, so that a roll-back can prove that it is so again."""


class Thresholds(Model):
    """Largest share of exceptions with which a run still ends with exit code 0."""

    quarantined: Annotated[float, Field(ge=0, le=1)] = 0.0
    differing: Annotated[float, Field(ge=0, le=1)] = 0.0


class Parameters(Model):
    """The whole file."""

    engagement: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    company: str
    source: Source
    target: Target
    agents: Agents
    organizations: Organizations = Organizations()
    policy: Policy = Policy()
    mapping_assistant: MappingAssistant = MappingAssistant()
    help_center: HelpCenterSettings = HelpCenterSettings()
    ledger: LedgerPlace = LedgerPlace()
    load: Loading = Loading()
    sample: Sample = Sample()
    delta: Delta = Delta()
    expectations: Expectations = Expectations()
    hypercare: Hypercare = Hypercare()
    reconcile: Reconciling = Reconciling()
    rollback: RollBack = RollBack()
    thresholds: Thresholds = Thresholds()
    free_disk_bytes: Annotated[int, Field(ge=0)] = 200_000_000
    """The run does not start with less room than this for staged data and ledger."""


def _explain(file: Path, document: Any, error: ValidationError) -> ParameterError:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in problem["loc"]) or "(the whole file)"
        where = f"{file.name}, line {line_of(document, problem['loc'])}"
        match problem["type"]:
            case "extra_forbidden":
                mend = "this key is not known: remove it, or correct its spelling"
            case "missing":
                mend = "this key is required: add it"
            case _:
                mend = problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {where}, {key}: {mend}")
    return ParameterError(
        f"{file} is not valid:\n" + "\n".join(lines),
        next_step="mend the lines above; parameters/example-onprem/engagement.yaml explains every key.",
    )


def load(file: Path) -> Parameters:
    """Read and validate an ``engagement.yaml``.

    Raises:
        ParameterError: naming the file, the line, the key and the mend for every problem at once.
    """
    document = read_yaml(file)
    if not isinstance(document, CommentedMap):
        raise ParameterError(f"{file} holds no keys.", next_step="copy it anew from parameters/example-onprem.")
    try:
        parameters = Parameters.model_validate(document)
    except ValidationError as error:
        raise _explain(file, document, error) from error
    if parameters.engagement != file.parent.name:
        raise ParameterError(
            f"{file}, line {line_of(document, ('engagement',))}, engagement: says '{parameters.engagement}', "
            f"but its folder is '{file.parent.name}'.",
            next_step="make the two the same: the name is part of every external id.",
        )
    return parameters
