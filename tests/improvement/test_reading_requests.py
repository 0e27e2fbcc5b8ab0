"""Small talk, noise and several requests in one message."""

import pytest

from improvement.reading_requests import is_request, split_requests


@pytest.mark.parametrize(
    "text",
    [
        *("Hi", "hiiii", "Hellooo there", "Good morning team!", "ok thanks a lot", "yes please", "Anyone there?", "no"),
        *("How are you?", "can you help me?", "I have a quick question", "Thank you so much 🙏", "hy sir"),
        *("Hallo zusammen", "Guten Tag", "Vielen Dank!", "ja bitte", "Ich habe eine kurze Frage", "Wie geht es Ihnen?"),
        *("8861204417", "....", "😀😀", "k", "vvvvv", "anna@example.com", "#4711-22", ""),
    ],
)
def test_small_talk_and_noise_ask_for_nothing(text):
    assert not is_request(text)
    assert split_requests(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("Hi, where is my parcel?", "refund", "price?", "My lamp flickers", "not working", "ok but my lamp is broken"),
        *("I want to talk to a human", "agent please", "Hallo, wo ist mein Paket?", "Rechnung", "Lampe flackert"),
        *(
            "Can you help me with my invoice?",
            "What is 3 + 5?",
            "How to take",
            "Order 4711 has not arrived",
            "клавиатура не работает",
            "मदद चाहिए",
        ),
    ],
)
def test_a_word_about_something_is_a_request(text):
    assert is_request(text)
    assert split_requests(text) == [text]


@pytest.mark.parametrize(
    ("text", "requests"),
    [
        (
            "Where is my parcel? And how do I change my password?",
            ["Where is my parcel?", "And how do I change my password?"],
        ),
        (
            "Hi there! My lamp flickers at night. Can I send the lamp back? What does shipping to Wien cost?",
            [
                "Hi there! My lamp flickers at night. Can I send the lamp back?",
                "What does shipping to Wien cost?",
            ],
        ),
        (
            "How do I reset my password and where can I download the latest invoice?",
            ["How do I reset my password", "where can I download the latest invoice?"],
        ),
        (
            "I need to cancel my subscription. Also, do you deliver to Norway? Thanks!",
            ["I need to cancel my subscription.", "Also, do you deliver to Norway? Thanks!"],
        ),
        (
            "Wo bleibt mein Paket? Und wie ändere ich meine Adresse?",
            ["Wo bleibt mein Paket?", "Und wie ändere ich meine Adresse?"],
        ),
        (
            "Ich möchte mein Konto löschen und wie lange dauert der Versand nach Wien?",
            ["Ich möchte mein Konto löschen", "wie lange dauert der Versand nach Wien?"],
        ),
    ],
)
def test_a_message_with_two_requests_is_taken_apart(text, requests):
    assert split_requests(text) == requests


@pytest.mark.parametrize(
    "text",
    [
        "My parcel is lost. Can you send me a new one?",
        "Can you help me? I forgot my password.",
        "How do I reset my password? I never got the password mail.",
        "I need to add Tom to my account. My name is Kim. The account number is 4033.",
        "What is the price and is it in stock?",
        "I want a lamp and a shade",
        "Do you ship to Norway or do you only ship within Germany?",
        "Mein Paket ist weg. Können Sie es noch einmal schicken?",
        "Können Sie mir helfen? Ich finde meine Rechnung nicht.",
    ],
)
def test_one_request_in_several_sentences_stays_whole(text):
    assert split_requests(text) == [text]
