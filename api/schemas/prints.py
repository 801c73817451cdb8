"""A printed sheet on the wire."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Instant, Wire
from certlib.paper import Print

Number = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z-]+$")]
Place = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class PrintIn(Wire):
    """一份纸质件。 One printed sheet."""

    model_config = ConfigDict(**Wire.model_config, json_schema_extra={"examples": [examples.PRINT]})

    print_number: Number = Field(description="印制号，同一单位同类证照内唯一。 Print number.")
    place: Place = Field(description="印制地点。 Where it was printed.")
    printed_at: Instant = Field(description="印制时间。 When.")
    form: Literal["original", "duplicate", "annex", "drawing"] = "original"
    copy_number: Annotated[int, Field(ge=0, le=999)] = 0
    blank_number: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="空白证件号；管理库存的须填。 Mandatory where a stock is kept."
    )
    replaces: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="被补发的印制号，须已声明作废。 The sheet it replaces."
    )

    def to_print(self) -> Print:
        """What the use case takes."""
        return Print(
            form=self.form,
            print_number=self.print_number,
            place=self.place,
            printed_at=self.printed_at,
            copy_number=self.copy_number,
            blank_number=self.blank_number,
            replaces=self.replaces,
        )
