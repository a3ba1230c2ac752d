"""What becomes of the variants of an image that is processed again, in the words of every page that offers it."""


def superseded_in_words(days_kept: int) -> str:
    """`days_kept` is the setting KEEP_REVISIONS."""
    stay = (
        "The present variants stay until the new ones are ready. If another recipe makes the new ones, the present ones"
    )
    if days_kept:
        days = "a day" if days_kept == 1 else f"{days_kept:,} days"
        return f"{stay} are then kept for {days}, and the image's page can make them current again."
    return (
        f"{stay} are then deleted, and links to them stop working. Stable addresses lead to the new variants "
        "of the same names."
    )
