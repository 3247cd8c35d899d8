"""Everything that stands before the first ticket: brands, departments, agents, customers, organizations, fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from migrator_lib.simulators.smartertrack import catalog
from migrator_lib.simulators.smartertrack.schema import NOW, Writer

QUEUE_USER = 1
FIRST_AGENT = 2
FIRST_CUSTOMER = 101
NO_SUCH_USER = 999_999_999


@dataclass(frozen=True)
class Customer:
    """Somebody who writes to the shop; ``user_id`` is None for those without an account."""

    user_id: int | None
    name: str
    email: str
    language: str = "en"


@dataclass
class World:
    """What the rest of the simulation draws from."""

    seed: int
    tickets: int
    customers: list[Customer] = field(default_factory=list)
    expected: dict[str, list[Any]] = field(default_factory=dict)
    phones: list[str] = field(default_factory=list)
    """Phone numbers of customers, by account."""

    def rng(self, *what: object) -> Random:
        """Return a source of chance of its own for every thing, so that sizes do not disturb each other."""
        return Random(":".join(map(str, (self.seed, *what))))

    def note(self, oddity: str, thing: Any) -> None:
        """Note where an oddity can be found."""
        self.expected.setdefault(oddity, []).append(thing)


def settings(write: Writer, files_root: str) -> None:
    """Write version, servers, languages, roles, statuses and other codes.

    Codes without a public meaning (data types, sender types ...) are this simulator's own choice.
    """
    write.add("GlobalSettings", SettingCategory="System", SettingName="ProductVersion", SettingValue="100.0.9651")
    write.add("GlobalSettings", SettingCategory="System", SettingName="Edition", SettingValue="Enterprise")
    write.add(
        "Servers", ServerID=1, MachineName="HELPDESK01", UniqueKey="k1", DateLastHeartbeatUTC=NOW - timedelta(minutes=1),
        IsEnabled=True, IsActiveServer=True, FilePath=files_root, LicensingMode="Active",
    )  # fmt: skip
    for language_id, lcid, culture, name in (
        (1, 1033, "en-US", "English"),
        (2, 1031, "de-DE", "German"),
        (3, 1036, "fr-FR", "French"),
        (4, 1025, "ar-SA", "Arabic"),
    ):
        write.add("Languages", LanguageID=language_id, Lcid=lcid, CultureName=culture, LanguageName=name,
                  IsDefault=language_id == 1, IsVisible=True)  # fmt: skip
    roles = ("Everyone", "Registered User", "Registered User with Verified Email", "Agent", "Manager", "Administrator")
    for n, name in enumerate((*roles, "Warehouse"), 1):
        write.add("Roles", RoleID=n, RoleName=name, LoweredRoleName=name.lower(), DisplayOrder=n, IsCustomRole=n > 6,
                  RoleCategory=1 if n in (4, 5, 6, 7) else 0)  # fmt: skip
    for n, (name, is_open, is_active, locked) in enumerate(
        (("Active", 1, 1, 0), ("Waiting", 1, 0, 0), ("Closed", 0, 0, 0), ("Closed and Locked", 0, 0, 1)), 1
    ):
        write.add("TicketStatuses", TicketStatusID=n, EnglishName=name, DisplayName=name, SortOrder=n,
                  IsOpen=bool(is_open), IsActive=bool(is_active), IsLocked=bool(locked))  # fmt: skip
    for n, name in enumerate(("Low", "Normal", "High", "Urgent"), 1):
        write.add("TicketPriorities", TicketPriorityID=n, EnglishName=name, DisplayName=name, SortOrder=n)
    for n, name in enumerate(("General", "Transfer", "Resolution", "Follow-Up", "Sticky", "Warehouse note"), 1):
        write.add("CommentTypes", CommentTypeID=n, EnglishName=name, DisplayName=name)
    for n, name in enumerate(("Created", "Status changed", "Assigned", "Message received", "Merged", "Deleted"), 1):
        write.add("EventTypes", EventTypeID=n, EnglishName=name, DisplayName=name)
    write.add("SmtpAccounts", SmtpAccountID=1, ServerName="smtp.fernhill.example", ServerPort=587,
              LoginName="support", LoginPassword="s3cr3t-smtp-password", FromAddress="support@fernhill.example")  # fmt: skip


def structure(write: Writer) -> None:
    """Write brands, departments, groups, business hours, signatures."""
    for brand, name, host in catalog.BRANDS:
        write.add("Brands", BrandID=brand, BrandName=name, HostHeaderValue=f"help.{host}", IsDefaultBrand=brand == 1,
                  CommunityEnabled=True, DisplayLiveChat=brand == 1, EnablePortalLogin=True, EnableRegistration=True,
                  EnableKbVoting=True, VoipPhoneNumber="+44 20 7946 0100" if brand == 1 else "")  # fmt: skip
        for day in range(1, 6):
            write.add("BusinessHours", BusinessHourID=brand * 10 + day, DayOfWeek=day, BrandID=brand,
                      TimeStartUTC=NOW.replace(hour=7), TimeStopUTC=NOW.replace(hour=17))  # fmt: skip
    for department, name, brand, deleted, internal in catalog.DEPARTMENTS:
        write.add(
            "Departments", DepartmentID=department, DisplayName=name, BrandID=brand, IsDeleted=deleted, IsInternal=internal,
            AutoCloseEnabled=department in (1, 3), AutoCloseHours=168, AutoLockEnabled=department == 1, AutoLockHours=720,
            AutoDeleteEnabled=department == 4, AutoDeleteDays=365, SmtpAccountID=1, CustomTemplateID_Ticket=1,
            AutoCloseSendEmailToClient=department == 1, IsAutoResponderEnabled=department in (1, 2),
            AutoResponderID={1: 1, 2: 1, 3: 2}.get(department), UseBrandHours=True, UseBrandHolidays=True,
        )  # fmt: skip
    for department, group, name, deleted in catalog.GROUPS:
        write.add("Groups", DepartmentID=department, GroupID=group, GroupName=name, IsDeleted=deleted,
                  GroupDescription=f"{name} team", IsFrontLine=group in (1, 6),
                  AlertOption=1 if group == 1 else 0, AlertAddress="duty@fernhill.example" if group == 1 else "")  # fmt: skip
        write.add("Signatures", SignatureID=group, DepartmentID=department, GroupID=group,
                  Signature=f"Your {name} team at {catalog.COMPANY}")  # fmt: skip
    for n, name in enumerate(("New Year", "Midsummer", "Christmas Day"), 1):
        write.add(
            "BusinessHolidays",
            BusinessHolidayID=n,
            Name=name,
            Date=NOW.replace(month=(1, 6, 12)[n - 1], day=1),
            BrandID=1,
        )
    _automation(write)


def _automation(write: Writer) -> None:
    """Write auto-responders, a rule that spreads tickets again, and settings of departments."""
    for responder, name, subject in catalog.AUTO_RESPONDERS:
        write.add("AutoResponders", AutoResponderID=responder, DisplayName=name, IsHTML=True, Subject=subject,
                  Body="<p>Dear #CustomerName#, we have your request #TicketNumber# and answer within a day.</p>")  # fmt: skip
    write.add("RebalanceRules", RebalanceRuleID=1, RuleName="Spread Orders over who is here", DepartmentID=1, GroupID=1,
              IncludeAllUsersInGroup=True, ExecuteOnIntervalSeconds=1800, ExecuteOnAgentActivate=True,
              HoldSecondsPinnedTicket=86400)  # fmt: skip
    for department, setting, value in catalog.DEPARTMENT_SETTINGS:
        write.add("DepartmentSettings", DepartmentID=department, SettingName=setting, SettingValue=value)


def agents(write: Writer, world: World) -> None:
    """Write the queue pseudo-user and 15 agents, three of them inactive."""
    _user(write, QUEUE_USER, "queue", "", "Unassigned", IsQueue=True)
    departments = {group: department for department, group, _, _ in catalog.GROUPS}
    for n, (name, mailbox, state, role, groups) in enumerate(catalog.AGENTS):
        user_id = FIRST_AGENT + n
        email = f"{mailbox}@fernhill.example"
        _user(write, user_id, mailbox, email, name, IsDeleted=state == "deleted", IsLockedOut=state == "locked",
              IsPrimaryAdmin=role == "Administrator")  # fmt: skip
        write.add("UsersInRoles", UserID=user_id, RoleID=1, DateAddedUTC=NOW)
        write.add(
            "UsersInRoles",
            UserID=user_id,
            RoleID={"Agent": 4, "Manager": 5, "Administrator": 6}[role],
            DateAddedUTC=NOW,
        )
        for group in groups:
            write.add("UsersInGroups", DepartmentID=departments[group], GroupID=group, UserID=user_id,
                      IsActiveForTickets=state == "active", IsGroupAdmin=role != "Agent", TicketWeight=1 + n % 2, ChatWeight=1,
                      MaxNewTickets=10 if group in (1, 2) else 0, RoundRobinOrder=n)  # fmt: skip
        if groups == (8,):
            write.add("UsersInRoles", UserID=user_id, RoleID=7, DateAddedUTC=NOW)
            world.note("agent_of_two_roles", user_id)
        if state != "active":
            world.note("inactive_agent", user_id)


def _user(write: Writer, user_id: int, user_name: str, email: str, name: str, **more: Any) -> None:
    write.add(
        "Users", UserID=user_id, UserName=user_name, LoweredUserName=user_name.lower(), Email=email,
        LoweredEmail=email.lower(), DisplayName=name, Password=f"s3cr3t-hash-{user_id}", PasswordSalt=f"s3cr3t-salt-{user_id}",
        IsEmailVerified=True, **{"DateCreatedUTC": NOW - timedelta(days=1500), "DateLastLoginUTC": NOW, **more},
    )  # fmt: skip


def customers(write: Writer, world: World) -> None:
    """Write accounts of customers, and think up people without one. About 0.7 for each ticket."""
    accounts, without = max(8, round(world.tickets * 0.52)), max(5, round(world.tickets * 0.18))
    organizations = organization_count(world)
    for n in range(accounts + without):
        rng = world.rng("customer", n)
        first, last = rng.choice(catalog.FIRST), rng.choice(catalog.LAST)
        domain = f"{_slug(n % organizations)}.example" if rng.random() < 0.35 else rng.choice(catalog.FREEMAIL)
        email = f"{first}.{last}{n}@{domain}".lower().replace("'", "")
        language = rng.choices(("en", "de", "fr", "es", "ar", "he"), (82, 8, 5, 3, 1, 1))[0]
        name = f"{first} {last}"
        if n == 3:
            name = f"{first} van {last} Smith"
            world.note("name_of_many_words", FIRST_CUSTOMER + n)
        if n == 4:
            name = first
            world.note("name_of_one_word", FIRST_CUSTOMER + n)
        if n == 5:
            email = email.replace(first.lower(), first.upper(), 1)
            world.note("address_with_capitals", FIRST_CUSTOMER + n)
        if n == 6:
            email = world.customers[5].email.lower()
            world.note("two_accounts_one_address", FIRST_CUSTOMER + n)
        user_id = FIRST_CUSTOMER + n if n < accounts else None
        world.customers.append(Customer(user_id, name, email, language))
        if user_id is not None:
            _user(write, user_id, f"{first.lower()}{n}", email, name, Language=language, IsDeleted=n == 7,
                  DateCreatedUTC=NOW - timedelta(days=rng.randint(10, 1400)))  # fmt: skip
            write.add("UsersInRoles", UserID=user_id, RoleID=1, DateAddedUTC=NOW)
            _person_values(write, world, user_id, rng)
    _odd_accounts(write, world, FIRST_CUSTOMER + accounts)


def _odd_accounts(write: Writer, world: World, first: int) -> None:
    """Write accounts that never wrote: three of one mailbox, and three without an address, two with a number."""
    office = f"office@{_slug(1)}.example"
    for n, (email, name, phone) in enumerate(
        (
            (office, "Reception", ""), (office.upper(), "Jo Hartley", ""), (office, "Accounts department", ""),
            ("", "Walter Marsh", "+44 1632 960777"), ("none", "Edith Lund", "01632 960778"), ("n/a", "", ""),
        )
    ):  # fmt: skip
        user_id = first + n
        _user(write, user_id, f"odd{n}", email, name)
        write.add("UsersInRoles", UserID=user_id, RoleID=1, DateAddedUTC=NOW)
        if phone:
            write.add("CustomDataFieldsForUsers", UserID=user_id, CustomFieldID=30, DataContent=phone)
        if name == "Jo Hartley":
            write.add("CustomDataFieldsForUsers", UserID=user_id, CustomFieldID=31, DataContent="Hartley & Daughters")
        world.note("shared_mailbox" if "@" in email else "account_without_address", user_id)


def organization_count(world: World) -> int:
    """Return the number of organizations for this size."""
    return max(6, round(world.tickets * 0.12))


def _slug(n: int) -> str:
    words, kinds = catalog.ORGANIZATION_WORDS, catalog.ORGANIZATION_KINDS
    return f"{words[n % 20]}-{kinds[n // 20 % 6]}{'' if n < 120 else n}".lower().replace(" ", "-")


def organizations(write: Writer, world: World) -> None:
    """Write organizations with filters; some overlap, some have nobody in them, some filters are of no use."""
    filter_id = 0
    for n in range(organization_count(world)):
        rng = world.rng("organization", n)
        words, kinds = catalog.ORGANIZATION_WORDS, catalog.ORGANIZATION_KINDS
        name = f"{words[n % 20]} {kinds[n // 20 % 6]}" + ("" if n < 120 else f" {n}")
        phone = f"+44 20 7946 {n % 10000:04d}" if rng.random() < 0.8 else None
        write.add(
            "Organizations",
            OrganizationID=n + 1,
            OrganizationName=name,
            Website=f"https://{_slug(n)}.example",
            PhoneNumber=phone,
        )
        filters: list[tuple[str, str, int | None]] = [("Domain", f"{_slug(n)}.example", None)]
        if n % 3 == 0:
            filters.append(("Email", f"office@{_slug(n)}.example", None))
        if n % 7 == 0:
            chosen = world.customers[n % len(world.customers)]
            filters.append(("User", chosen.name, chosen.user_id))
        if n % 9 == 0 and phone:
            filters.append(("Phone", phone, None))
        if n % 20 == 2 and world.phones:
            number = world.phones[n % len(world.phones)]
            filters.append(("Phone Number", number.replace("+44 ", "0044 (0)"), None))
            world.note("phone_filter_spelled_differently", n + 1)
        if n % 20 == 3:
            filters.append(("Email Address", world.customers[n].email.upper(), None))
            world.note("email_filter_of_a_customer", n + 1)
        if n % 20 == 4:
            filters += [("Web Site", f"{_slug(n)}.example", None), ("User", "somebody who left", NO_SUCH_USER)]
            world.note("filter_of_unknown_kind", n + 1)
            world.note("filter_of_missing_user", n + 1)
        if n % 20 == 5:
            filters += [("Domain", f"{_slug(n)}.EXAMPLE ", None), ("Domain", "see the web site", None)]
            world.note("filter_twice", n + 1)
            world.note("filter_of_no_domain", n + 1)
        if n % 20 == 7:
            filters += [("Email", f"{box}@{_slug(n)}.example", None) for box in ("sales", "Invoices", "returns")]
            world.note("organization_of_several_addresses", n + 1)
        if n % 20 == 11:
            filters = [("Domain", f"{_slug(n - 1)}.example", None)]
            world.note("organizations_overlap", n + 1)
        if n % 20 == 13:
            filters = []
            world.note("organization_without_filter", n + 1)
        for kind, value, user_id in filters:
            filter_id += 1
            write.add("OrganizationFilters", OrganizationFilterID=filter_id, OrganizationID=n + 1, FilterType=kind,
                      FilterValue=value, UserID=user_id)  # fmt: skip


FIELDS = (
    # id, name, data type (0 text, 1 checkbox, 2 date, 3 number, 4 dropdown), options, mapping
    (1, "Order number", 0, None, None),
    (2, "Contact reason", 4, "Delivery\nReturn\nWarranty\nAdvice\nInvoice", None),
    (3, "Goodwill given", 1, None, None),
    (4, "Date of purchase", 2, None, None),
    (5, "Parcels", 3, None, None),
    (6, "Delivery instructions", 0, None, None),
    (7, "Shop", 4, "Leith\nPorto\nUtrecht", None),
    (8, "Legacy reference", 0, None, None),
    (9, "Channel", 4, "Web form\nE-mail\nPhone", None),
    (20, "Topic", 4, "Order\nProduct\nOther", None),
    (21, "Page", 0, None, None),
    (25, "Disposition", 4, "\n".join(catalog.DISPOSITIONS), None),
    (26, "Recorded", 1, None, None),
    (30, "Phone", 0, None, "Phone"),
    (31, "Company", 0, None, "Company"),
    (32, "Trade customer", 1, None, None),
    (33, "Customer since", 2, None, None),
    (34, "Discount", 3, None, None),
)


def custom_fields(write: Writer) -> None:
    """Write field definitions and the form that tickets use."""
    write.add("CustomTemplates", CustomTemplateID=1, DisplayName="Ticket form")
    for n, (field_id, name, kind, options, special) in enumerate(FIELDS):
        write.add("CustomDataFields", CustomFieldID=field_id, DisplayName=name, DataType=kind, Options=options,
                  SpecialMapping=special, IsGlobal=field_id >= 30)  # fmt: skip
        if field_id < 10:
            write.add("CustomDataFieldsInCustomTemplates", CustomTemplateID=1, CustomFieldID=field_id, DisplayName=name,
                      IsVisible=True, SortOrder=n, IsRequired=field_id == 2)  # fmt: skip


def _person_values(write: Writer, world: World, user_id: int, rng: Random) -> None:
    def put(field_id: int, text: str) -> None:
        write.add("CustomDataFieldsForUsers", UserID=user_id, CustomFieldID=field_id, DataContent=text)

    if rng.random() < 0.5:
        world.phones.append(f"+44 1632 960{rng.randint(0, 999):03d}")
        put(30, world.phones[-1])
    if rng.random() < 0.25:
        put(31, f"{rng.choice(catalog.ORGANIZATION_WORDS)} {rng.choice(catalog.ORGANIZATION_KINDS)}")
    if rng.random() < 0.2:
        put(32, rng.choice(("True", "False")))
    if rng.random() < 0.2:
        put(33, f"20{rng.randint(12, 26)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}")
    if rng.random() < 0.1:
        put(34, str(rng.choice((5, 10, 12))))


def tags(write: Writer) -> None:
    """Write tags; two differ only by case, one is deleted."""
    names = ("vip", "VIP", "urgent-parcel", "photo needed", "second case", "refund", "trade", "callback", "repair",
             "christmas", "voucher", "damaged", "wrong size", "old campaign")  # fmt: skip
    for n, name in enumerate(names, 1):
        write.add(
            "Tags", TagID=n, Name=name, IsDeleted=name == "old campaign", DateCreatedUTC=NOW - timedelta(days=900)
        )
