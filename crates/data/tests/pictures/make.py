"""The pictures of this folder, and what Pillow makes of them. Needs Pillow and NumPy (13.0 and 2.4 made what is here)."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
y, x = np.mgrid[0:16, 0:24]
GRAY = ((x * 10 + y * 3) % 256).astype(np.uint8)
COLOUR = np.stack([x * 10, y * 15, 255 - x * 5 - y * 5], axis=-1).astype(np.uint8)


def turned(image: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, subsampling=0, exif=exif)
    return out.getvalue()


def main() -> None:
    gray, colour = Image.fromarray(GRAY), Image.fromarray(COLOUR)
    gray.save(HERE / "gray.jpg", quality=95)
    colour.save(HERE / "colour.jpg", quality=95, subsampling=0)
    colour.save(HERE / "halved.jpg", quality=95, subsampling=2)
    colour.save(HERE / "progressive.jpg", quality=95, subsampling=0, progressive=True)
    colour.convert("CMYK").save(HERE / "cmyk.jpg", quality=95)
    (HERE / "turned.jpg").write_bytes(turned(colour, 6))
    gray.save(HERE / "gray.png")
    colour.save(HERE / "colour.png")
    gray.convert("1").save(HERE / "one-bit.png")
    gray.convert("P").save(HERE / "gray-palette.png")
    colour.quantize(16).save(HERE / "palette.png")
    Image.fromarray(GRAY.astype(np.uint16) * 256 + 7).save(HERE / "sixteen.png")
    opaque = np.dstack([COLOUR, np.full(GRAY.shape, 255, np.uint8)])
    Image.fromarray(opaque).save(HERE / "opaque.png")
    opaque[3, 4, 3] = 254
    Image.fromarray(opaque).save(HERE / "transparent.png")
    found = {}
    for path in sorted(HERE.glob("*.*g")):
        image = ImageOps.exif_transpose(Image.open(path))
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        if image.mode in ("P", "RGBA", "CMYK"):
            image = image.convert("RGB")
        pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
        found[path.name] = {"shape": list(pixels.shape), "pixels": pixels.ravel().tolist()}
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())
    (HERE / "pillow.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
