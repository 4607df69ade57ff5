"""The errors that SQL Server raises, by number; what this simulator does not model has numbers of its own from 50001."""

NOT_MODELLED = 50001
FAILED = 50002


class SqlError(Exception):
    """Say no with a SQL Server error number; `message` is in our words, names stand where SQL Server has them."""

    def __init__(self, number: int, message: str, severity: int = 16) -> None:
        super().__init__(message)
        self.number = number
        self.message = message
        self.severity = severity


def not_modelled(what: str) -> SqlError:
    """Say loudly that a text asks for something that real SQL Server may know and this simulator does not."""
    return SqlError(NOT_MODELLED, f"the simulator does not model {what}")


def syntax(near: str) -> SqlError:
    """Say that a text is no T-SQL (102)."""
    return SqlError(102, f"Incorrect syntax: {near}", 15)


def no_object(name: str) -> SqlError:
    """Say that no table or view has this name (208)."""
    return SqlError(208, f"Invalid object name '{name}'.")


def no_column(name: str) -> SqlError:
    """Say that no table in the text has this column (207)."""
    return SqlError(207, f"Invalid column name '{name}'.")


def ambiguous(name: str) -> SqlError:
    """Say that several tables in the text have this column (209)."""
    return SqlError(209, f"Ambiguous column name '{name}'.")


def no_variable(name: str) -> SqlError:
    """Say that a variable was not declared (137)."""
    return SqlError(137, f'The scalar variable "{name}" must be declared.', 15)


def no_procedure(name: str) -> SqlError:
    """Say that no procedure has this name (2812)."""
    return SqlError(2812, f"Stored procedure '{name}' was not found.")


def no_parameter(name: str, procedure: str) -> SqlError:
    """Say that a procedure has no such parameter (8145)."""
    return SqlError(8145, f"{name} is not a parameter of procedure {procedure}.")


def missing_parameter(name: str, procedure: str) -> SqlError:
    """Say that a procedure needs a parameter that was left out (201)."""
    return SqlError(201, f"Procedure '{procedure}' expects parameter '{name}', which was not supplied.")


def denied(right: str, name: str, database: str) -> SqlError:
    """Say that the login lacks a right on an object (229)."""
    return SqlError(
        229,
        f"The {right} permission was denied on the object '{name}', database '{database}', schema 'dbo'.",
        14,
    )


def no_database(name: str) -> SqlError:
    """Say that no database has this name (911)."""
    return SqlError(911, f"Database '{name}' does not exist.")


def not_opened(name: str) -> SqlError:
    """Say at login that the database cannot be opened (4060)."""
    return SqlError(4060, f'Cannot open database "{name}" requested by the login. The login failed.', 11)


def no_login(user: str) -> SqlError:
    """Say that user or password is wrong (18456)."""
    return SqlError(18456, f"Login failed for user '{user}'.", 14)


def unreadable(kind: str, target: str, number: int = 8114) -> SqlError:
    """Say that a value cannot be converted (8114, 245 to int, 241 to a date)."""
    return SqlError(number, f"Conversion failed from {kind} to {target}.")


def overflow(target: str) -> SqlError:
    """Say that a value does not fit its type (8115)."""
    return SqlError(8115, f"Arithmetic overflow converting to {target}.")


def lock_timeout() -> SqlError:
    """Say that the wait for another session's lock took longer than LOCK_TIMEOUT (1222)."""
    return SqlError(1222, "Lock request time out period exceeded.")


def deadlock(session: int) -> SqlError:
    """Say that this transaction was rolled back as the victim of a deadlock (1205)."""
    return SqlError(
        1205,
        f"Transaction (Process ID {session}) was chosen as the deadlock victim. Rerun the transaction.",
        13,
    )
