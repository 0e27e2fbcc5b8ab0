from improvement.chunking import split_article


def test_title_headings_items_rows_and_paragraphs_are_passages_without_marks():
    body = """## What we need
- Your **date of birth**
- A [photo](https://example.com/photo)

1. Open *Billing*
2. Choose

| Plan | Price |
| --- | --- |
| Basic | 5 |

```
code stays
```
"""
    assert split_article("Get a quote", body) == [
        *("Get a quote", "What we need", "Your date of birth", "A photo", "Open Billing", "Choose"),
        *("Plan | Price", "Basic | 5", "code stays"),
    ]


def test_a_long_paragraph_is_cut_between_sentences():
    text = " ".join(f"Sentence {number} has exactly seven words inside." for number in range(20))
    passages = split_article("T", text)[1:]
    assert [len(passage.split()) for passage in passages] == [56, 56, 28]
    assert " ".join(passages) == text


def test_the_same_passage_twice_is_one():
    assert split_article("Pay", "- Pay\n- Pay now\n- Pay now") == ["Pay", "Pay now"]


def test_an_empty_body_leaves_the_title():
    assert split_article(" Pay ", "\n\n") == ["Pay"]
