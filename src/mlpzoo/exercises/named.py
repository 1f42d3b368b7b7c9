"""Fields that are imported where they are first used."""

from pkgutil import resolve_name
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Named(Generic[T]):
    """A field that may be given as "module:name", which is imported where it is first used.

    Args:
        default: Where there is one, its default.
    """

    def __init__(self, *default: T) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, instance: object, value: T | str) -> None:
        vars(instance)[self.name] = value

    @overload
    def __get__(self, instance: None, owner: type) -> T: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T:
        if instance is None:
            if not self.default:
                raise AttributeError(self.name)  # so dataclass sees that there is no default
            return self.default[0]
        value = vars(instance)[self.name]
        if isinstance(value, str):
            value = vars(instance)[self.name] = resolve_name(value)
        found: T = value
        return found
