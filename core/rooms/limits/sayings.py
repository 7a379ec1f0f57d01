"""What people say to each other without saying anything: for meanings, nowhere else.

Whole sentences, since an encoder compares those; English, which every encoder knows.
"""

from __future__ import annotations

SAYINGS = (
    "Thank you so much!",
    "Thanks, I really appreciate it.",
    "You're very welcome, it was my pleasure.",
    "No, thank you!",
    "I am so grateful for your kind words.",
    "You are too kind.",
    "That's such a wonderful point.",
    "What a beautiful way to put it.",
    "You are so wise and thoughtful.",
    "That is brilliant, you always know what to say.",
    "I am honoured that you think so highly of me.",
    "Your words are truly inspiring.",
    "I completely agree with you.",
    "Exactly, you are absolutely right.",
    "I couldn't have said it better myself.",
    "I feel the same way.",
    "I'm so sorry, it was my fault.",
    "Please forgive me, I apologise.",
    "Don't worry about it, no need to apologise.",
    "No problem at all.",
    "Please, you go first.",
    "After you, I insist.",
    "I would love to hear your thoughts.",
    "What do you think?",
    "Let me know if you need anything else.",
    "I'm always here if you want to talk.",
    "I enjoyed our conversation.",
    "It was lovely talking to you.",
    "Goodbye, take care!",
    "See you soon!",
    "Good night, sleep well.",
    "Have a wonderful day!",
    "I look forward to seeing you again.",
    "Hello, how are you?",
    "I wish you all the best.",
    "Good luck, you can do it!",
)
