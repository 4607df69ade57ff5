"""The catalogue of errors: every code that gp365 can show, with a plain sentence and the fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of the catalogue: what it means in a plain sentence, and the fix."""

    meaning: str
    fix: str


CATALOGUE: dict[str, Entry] = {
    # settings, flows, commands
    "settings-missing": Entry(
        "There is no gp365.toml in the project folder.", "Run `gp365 init`, or name the folder with -C."
    ),
    "settings-invalid": Entry(
        "gp365.toml cannot be read or a setting is wrong.", "Correct the line that is named."
    ),
    "secret-plain": Entry(
        "A secret stands in the settings as plain text.",
        'Write {vault="name"}, {env="NAME"} or {file="path"}.',
    ),
    "secret-missing": Entry(
        "A secret that the settings name is not there.",
        "Run `gp365 secret set NAME`, or set the variable or file.",
    ),
    "vault-key": Entry(
        "The key of the credential vault is missing or does not open it.",
        "Restore .gp365/master.key or set GP365_MASTER_KEY.",
    ),
    "flow-invalid": Entry(
        "A flow file is wrong.", "Correct the line that is named; `gp365 flows check` tests it."
    ),
    "flow-unknown": Entry("No such flow.", "`gp365 flows list` names the flows."),
    "flow-field": Entry(
        "A flow names a field that the system does not have or cannot write.",
        "Correct the field's name, or remove the row.",
    ),
    "flow-condition": Entry(
        "A condition or computed value of a flow cannot be worked out.",
        "Correct the expression that is named.",
    ),
    "lookup-invalid": Entry("A lookup file is wrong.", "Correct the line that is named."),
    "lookup-missing": Entry(
        "A lookup has no row for this value.", "Add the value to the lookup file, then `gp365 parked retry`."
    ),
    "pair-unknown": Entry("No such pair.", "The pairs are the [pairs.NAME] tables of gp365.toml."),
    "system-unknown": Entry("No such system.", "The systems are the [systems.NAME] tables of gp365.toml."),
    "entity-unknown": Entry(
        "The system has no such entity.", "`gp365 doctor` lists what each system serves."
    ),
    "company-unknown": Entry(
        "Dynamics GP knows no company of this name.", "Write the company's display name as GP shows it."
    ),
    "not-served": Entry(
        "This channel does not serve that entity or verb.", "Use another channel, or leave the field out."
    ),
    "not-provisioned": Entry(
        "A table or column of ours is missing in Dataverse.", "Run `gp365 provision apply`."
    ),
    "record-unknown": Entry("No such record.", "Check the key; `gp365 plan` lists the records."),
    "parked-unknown": Entry("No such parked entry.", "`gp365 parked list` names them."),
    "unkept-unknown": Entry("No such write that did not stand.", "`gp365 unkept list` names them."),
    "plan-stale": Entry(
        "The plan was made with another flow, or its records have moved.",
        "Make a new plan with `gp365 plan --out FILE`.",
    ),
    "plan-invalid": Entry(
        "The plan file is damaged or was edited.", "Make a new plan with `gp365 plan --out FILE`."
    ),
    "export-invalid": Entry(
        "The file is no export of a ledger.", "Name a file that `gp365 ledger export --out` wrote."
    ),
    "store-newer": Entry(
        "The store was made by a newer gp365.", "Install the newer version, or restore an older backup."
    ),
    "store-busy": Entry("Another process holds the local store.", "Nothing: it is tried again."),
    "lane-unknown": Entry(
        "The store did not say whether a system may be called now, so it was not called.",
        "See whether the store's database can be reached; it is tried again.",
    ),
    "sqlite-old": Entry(
        "This Python's SQLite is too old.", "Use a Python with SQLite 3.35 or newer, or PostgreSQL."
    ),
    "link-taken": Entry("A record was linked elsewhere in the meantime.", "Nothing: it is looked at again."),
    "lease-lost": Entry("Another worker has taken over the work.", "Nothing: the other one goes on."),
    "first-sync": Entry(
        "A flow was never synced, and the service leaves its first sync to a person.",
        "Read `gp365 plan`, then give `gp365 sync` for the flow.",
    ),
    "action-broken-off": Entry(
        "The service did not live to end a command that it was given.",
        "Look with `gp365 history` at what it did, and give it again.",
    ),
    "service-busy": Entry(
        "The running service did not take a command up in time.",
        "Give it again later, or raise `service.action_wait_s`.",
    ),
    "folder-locked": Entry(
        "Another gp365 process is at work in this project folder.", "Wait until it has ended."
    ),
    "pair-busy": Entry(
        "Another worker runs flows of this pair.", "It is tried again by itself; else give it again later."
    ),
    "slot-taken": Entry(
        "A worker of this slot is alive.", "Give every worker a name of its own, or end the other one first."
    ),
    "clocks-differ": Entry(
        "The clocks of this machine and of the database differ too much for several workers.",
        "Set both by a time server (NTP).",
    ),
    "one-process": Entry(
        "A store in a SQLite file has one working process.",
        "Use `gp365 serve`, or set [store] url to a PostgreSQL database for many workers.",
    ),
    "usage": Entry("The command is used wrongly.", "See --help."),
    # rights
    "login-refused": Entry(
        "The system refuses the user name or password.",
        "Check user and password; `gp365 secret set NAME` stores a new one.",
    ),
    "token-refused": Entry(
        "The token service refuses the client.", "Check client id and secret; a secret may have expired."
    ),
    "token-not-json": Entry(
        "The token service did not answer with JSON.",
        "Check `authority`: a proxy or a sign-in page may stand in between.",
    ),
    "right-missing": Entry(
        "The system knows us but does not allow this.", "Give the account the right that is named."
    ),
    "neighbour": Entry(
        "Another connector seems to write the same records.", "Let one of the two own each field."
    ),
    "user-missing": Entry(
        "The environment has no application user for this client.",
        "Add the application user with a security role in Dataverse.",
    ),
    "scheme-missing": Entry(
        "The server offers no authentication scheme that we may use.",
        "Enable Negotiate or NTLM, or allow Basic in the settings.",
    ),
    "binding-refused": Entry(
        "The server refused the channel binding of the TLS connection.",
        "Remove the proxy that terminates TLS in between.",
    ),
    # wire
    "unreachable": Entry("The system cannot be reached.", "Check address, network and service."),
    "certificate": Entry(
        "The server's certificate is not trusted.", "Set `ca_file` to the certificate authority's file."
    ),
    "throttled": Entry("The system asks us to wait.", "Nothing: it is tried again later."),
    "busy": Entry("The system is busy or down.", "Nothing: it is tried again later."),
    "answer-unreadable": Entry(
        "The system's answer cannot be read.", "Look at the log; a proxy may stand in between."
    ),
    "answer-lost": Entry(
        "The answer to a write was lost; it may have been done.", "Nothing: we look before we write again."
    ),
    "answer-cut": Entry("The system's answer ended half-way.", "Nothing: it is tried again later."),
    # records
    "rejected": Entry(
        "The other system refused the record.", "Do what it says, then `gp365 parked retry ID`."
    ),
    "too-long": Entry(
        "The value is longer than the other system can hold.", "Shorten it, or set `long: cut` on the row."
    ),
    "not-in-code-page": Entry(
        "The value has characters that Dynamics GP's code page cannot hold.",
        "Write it with characters of Windows-1252.",
    ),
    "document-posted": Entry(
        "The document is not in Work any more: it is posted, transferred, received or voided.",
        "Enter a correcting document, or void it in its own system.",
    ),
    "period-closed": Entry(
        "The fiscal period of the document is closed for its series.",
        "Give the document a date in an open period, or let accounting open the period for the series.",
    ),
    "period-missing": Entry(
        "No fiscal period holds the date of the document.",
        "Correct the date, or let accounting set up the fiscal year.",
    ),
    "batch-locked": Entry(
        "Somebody works on the batch, or it is being posted.",
        "Nothing: it is tried again; or write into another batch.",
    ),
    "batch-approved": Entry(
        "The batch is approved for posting and takes no more documents.",
        "Write into another batch, or withdraw the approval.",
    ),
    "bad-value": Entry("The value is not of the field's kind.", "Correct it in its own system."),
    "out-of-range": Entry(
        "The number or date is outside what the other system can hold.", "Correct it in its own system."
    ),
    "too-precise": Entry(
        "The amount has more decimals than both systems keep, and money is never rounded.",
        "Round it in its own system.",
    ),
    "option-unknown": Entry(
        "The other system has no such option.", "Add the option, or map it in the lookup."
    ),
    "required-missing": Entry(
        "A field that the other system requires is empty.", "Fill it in its own system."
    ),
    "task": Entry(
        "The other system takes this record from people alone.",
        "Make it there, as the message says; the next sync links it. `parked resolve ID --ignore` gives it up.",
    ),
    "expression-stopped": Entry(
        "A condition or computed value ran too long on this record.", "Simplify the expression."
    ),
    "candidates": Entry(
        "Several records could be the same partner, or one that is linked elsewhere.",
        "Decide which; then link or create.",
    ),
    "number-alone": Entry(
        "The number agrees, but no second field does.",
        "Decide whether they are the same; then link or create.",
    ),
    "name-agrees-number-differs": Entry(
        "A field agrees, but the numbers differ.", "Decide whether they are the same; then link or create."
    ),
    "target-gone": Entry(
        "The linked record is gone on one side.", "Restore it, or decide what the link shall be."
    ),
    "unreadable": Entry(
        "One side does not show the field, or the record, to our account; what was changed on the other waits.",
        "Give our account the right to read it; the change is carried over by the next sync.",
    ),
    "key-reused": Entry(
        "Another record stands under a key that was linked.", "Decide whether it is the same partner."
    ),
    "apart": Entry(
        "Two linked records agree no longer in what they were matched by; nothing is written between them.",
        "Put right what was changed by hand; then the entry ends. `parked resolve ID --ignore` leaves them so for good.",
    ),
    "order-stale": Entry(
        "What a request would change has changed in the other system since it was asked for; nothing is written.",
        "Refuse it in Sales, ask anew, or `gp365 parked resolve ID --take sales` to have it written all the same.",
    ),
    "order-blocked": Entry(
        "The record that a request would change takes no changes as it stands (an inactive customer).",
        "Make it active again, or refuse the request in Sales.",
    ),
    "order-currency": Entry(
        "A request names an amount in another currency than the one in which the company keeps it.",
        "Give the request the company's functional currency, or refuse it in Sales.",
    ),
    "order-unnamed": Entry(
        "A request does not say, or not any more, which record it is for.",
        "Choose the GP customer's card on the request, or refuse it in Sales.",
    ),
    "request-unknown": Entry(
        "No request of this number waits for anybody.", "`gp365 requests list` shows those that do."
    ),
    "self-approved": Entry(
        "Who asked for something cannot approve it.", "Have somebody else approve it, by name."
    ),
    "renumbered": Entry(
        "A linked record stands under a new number.", "Decide whether the link follows the new number."
    ),
    "similar": Entry(
        "A record on the other side is so alike that it may be the same partner.",
        "`gp365 parked show ID`; then `parked resolve ID --link KEY`, or `--create` for a new one.",
    ),
    "merged": Entry(
        "A linked record was merged into another one.",
        "Decide whether the link goes along: `parked resolve ID --link KEY`, or `--ignore`.",
    ),
    "deactivated": Entry(
        "A linked record was made inactive, or active again, on one side.",
        "Decide whether the other side follows: `parked resolve ID --take SIDE`.",
    ),
    "left-scope": Entry(
        "A linked record no longer satisfies its side's condition.",
        "`parked resolve ID --ignore` lets it stay in step; `events.left_scope` of the flow says what happens by itself.",
    ),
    "no-route": Entry(
        "No rule says which company this new record belongs to.",
        "Add the case to the lookup that the flow's `route` names, then `gp365 parked retry`.",
    ),
    "mass-change": Entry(
        "More records would be changed at once than the flow's guard allows.",
        "Look at `gp365 plan`; if it is right, let them go with `gp365 sync FLOW --approve`.",
    ),
    "source-shrunk": Entry(
        "A system shows far fewer records than before.",
        "Check the rights and filters of the account that reads; if they are really gone, `gp365 sync FLOW --approve`.",
    ),
    "resolution-stale": Entry(
        "The parked entry shows other values by now, or is closed.",
        "Look at it again with `gp365 parked show`, and decide on what it shows.",
    ),
    "resolution-invalid": Entry(
        "That decision cannot be taken for this entry.",
        "`gp365 parked show ID` names the decisions that can.",
    ),
    "beside-event": Entry(
        "A new record appeared while a linked one vanished.", "Decide about the vanished one first."
    ),
    "outside-condition": Entry(
        "The record would be created outside its own side's condition.",
        "Correct the flow's `when` or `on_create`.",
    ),
    "no-number": Entry("No free number could be found.", "Widen the number scheme."),
    "conflict": Entry(
        "Both sides changed the field to different values.",
        "`gp365 parked show ID`, then decide which value holds.",
    ),
    "first-contact": Entry(
        "Both sides hold different values and have never agreed.", "Decide which value holds."
    ),
    "cut-conflict": Entry(
        "A value that had been cut was edited on the narrow side.",
        "Edit it on the side that holds the whole value.",
    ),
    "loop": Entry(
        "The same value was written to a field again and again, and a system made another of it each time.",
        "Find the rule or plug-in that changes it, then `gp365 parked retry ID`.",
    ),
    "superseded": Entry("A write that we had given up appeared after all.", "Decide which value holds."),
    "parent-parked": Entry("The record that this one waits for is itself parked.", "Resolve that one first."),
    "parent-filtered": Entry(
        "The record that this one waits for is left out by a condition.",
        "Widen the condition, or clear the reference.",
    ),
    "unsettled": Entry(
        "A write's answer was lost; we wait until it can no longer arrive.", "Nothing: it is looked at again."
    ),
    "moved": Entry("The record changed while we looked at it.", "Nothing: it is planned again."),
    # undo
    "changed-since": Entry(
        "The field was changed after the write that is to be taken back.",
        "Look at it with `gp365 explain`, and change it by hand if it shall go back.",
    ),
    "not-undoable": Entry(
        "The write cannot be taken back.", "Read the reason; change the record by hand if it shall go back."
    ),
    "in-use": Entry(
        "Other records stand on the one that was created.", "Take those back first, or leave it as it is."
    ),
    "run-unknown": Entry("There is no such run.", "`gp365 history` names the runs."),
    # proof
    "equation": Entry(
        "The three counts of a run do not agree.", "Do not sync further; send the run's ledger to support."
    ),
    "chain-broken": Entry(
        "The ledger's chain of hashes is broken.", "Restore the store from a backup; look for who changed it."
    ),
    "restored": Entry(
        "A system seems to have been restored from a backup, or another one to stand in its place.",
        "`gp365 plan` shows the way back, `gp365 sync --approve` goes it; `--not-restored` if all is as it should be.",
    ),
    "after-restore": Entry(
        "A restored system holds a value that it never held before, or one that it owns was edited on the other side.",
        "Decide which value holds: `gp365 parked resolve ID --take SIDE`.",
    ),
    # ours
    "disk-full": Entry("The disk is full.", "Free space; the next sync goes on where this one stopped."),
    "store-failed": Entry(
        "The local store cannot be read or written.", "Check disk and rights of the .gp365 folder."
    ),
    "bug": Entry("An error of gp365 itself.", "Report it with the log; nothing was lost."),
}
