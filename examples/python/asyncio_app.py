"""Rank inside an asyncio application, beside whatever else it does."""

import asyncio

from tournament import aselect


async def main() -> None:
    """Two tournaments at once, and a task of the application's own."""
    async with asyncio.timeout(60):  # too late, or cancelled from outside: nothing is left running
        product, total, _ = await asyncio.gather(
            aselect("What is 6 x 7?", ["6 x 7 = 48. A: 48", "6 x 7 = 42. A: 42"]),
            aselect("What is 9 + 8?", ["9 + 8 = 17. A: 17", "9 + 8 = 16. A: 16"]),
            asyncio.sleep(0.01),
        )
    print(product.best, total.best)


asyncio.run(main())
