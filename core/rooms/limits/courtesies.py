"""Words that carry a talk along without adding to it: for the damper, nowhere else."""

from __future__ import annotations

_STOP_WORDS = """
    a about above after again ago all almost along already also although always am an and any
    anyone anything are around as at away back be because become been before being below between
    both but by can cannot come could did do does doing done down during each either else enough
    even ever every everyone everything few for from further get gets getting go goes going gone
    got had has have having he her here hers him his how however i if in into is it its itself
    just keep kind know least less let lets like lot made make makes making many may maybe me
    might mine more most much must my myself need never no nobody none nor not nothing now of
    off on once one only onto or other others our ours out over own put quite rather s same say
    saying says see seem seems she should since so some somebody someone something sometimes
    still such t take tell than that the their theirs them then there these they thing things
    this those though through to together too toward two under until up upon us use very was way
    we well were what whatever when where whether which while who whom whose why will with
    within without would yet you your yours yourself don doesn didn isn aren wasn weren ll re ve
    d m won couldn wouldn
"""

_COURTESIES = """
    absolutely admire admir agree agreed agreement alright amaz amazing anytime appreciate
    appreciated appreciation awesome beautiful beautifully best better bless brilliant
    brilliantly bye care caring safe certainly chat cheers clever compliment compliments
    conversation cool correct course day dear definitely delight delighted delightful enjoy
    enjoyed enjoying exactly excellent exceptional express expressed fair fantastic farewell
    feel feeling feelings forward fine flattered flattering friend friends generous genuinely
    glad gladly good goodbye grateful gratitude great greatly happy hear heard hearing heart
    heartfelt hello help helpful hey hi honor honored honour honoured hope humble humbled
    impressive incredible incredibly indeed insight insightful insights inspired inspiring
    inspiration joy kindest kindly kindness later likewise love lovely luck marvelous marvellous
    mean means mention moment morning mutual nice nicely night noted ok okay opinion outstanding
    perfect perfectly perspective perspectives pleased pleasure pleasant point points polite
    positive precisely problem proud put really remarkable respect right said see sentiment
    sentiments share shared sharing sincerely smart soon sorry special speak speaking
    spectacular splendid spoke spoken spot statement stellar sure superb support supportive
    sweet take talk talking talked terrific thank thankful thanks think thinking thought
    thoughtful thoughts time touched touching true truly understand understood value valuable
    view views warm warms welcome well wise wisdom wish wishes wonderful wonderfully word words
    wow yeah yep yes yours

    ahead apologies apologise apologised apologising apologize apologized apologizing apology awe
    begin blame cheerio ears entirely evening fault flatter flatters forgive forgiven forgiving
    gift gifted impress impressed insist listen listening long million mistake mistakes nail
    nailed obliged observation places quite remark remarks round sleep sorry start starting
    tomorrow words world
"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
COURTESIES = frozenset(_COURTESIES.split())

COURTESIES_JA = (
    *("ありがとうございます", "ありがとうございました", "ありがとう", "どういたしまして"),
    *("こちらこそ", "おっしゃる通り", "おっしゃるとおり", "仰る通り", "その通り", "そのとおり"),
    *("素晴らしい", "すばらしい", "素敵", "すてき", "すごい", "凄い", "さすが", "流石"),
    *("同感", "同意", "賛成", "まったく", "全く", "本当", "ほんとう", "ほんと", "もちろん"),
    *("嬉しい", "うれしい", "嬉しく", "楽しい", "楽しく", "光栄", "感謝", "感動", "感激"),
    *("恐縮", "とんでもない", "お言葉", "言葉", "褒め", "ほめ", "意見", "考え", "気持ち"),
    *("思います", "思いました", "思う", "言って", "言う", "頂き", "いただき", "会話", "お話"),
    *("失礼", "さようなら", "また今度", "では", "お疲れ様", "お疲れさま", "よろしくお願いします"),
    *("はい", "ええ", "うん", "そう", "ですね", "ですよね", "なるほど", "確かに", "たしかに"),
    *("大切", "最高", "完璧", "見事", "皆さん", "私", "僕", "俺", "今日", "こと", "もの"),
    *("申し訳ありません", "申し訳ない", "申し訳", "すみません", "ごめんなさい", "ごめん", "謝る"),
    *("お気になさらず", "お気になさらないで", "気になさら", "悪くありません", "せい", "おかげ"),
    *("助かりました", "助かります", "お礼", "恐れ入ります", "表現", "良い夢", "おやすみなさい"),
    *("また明日", "明日", "お会いしましょう", "話しましょう", "お気をつけて", "ほう", "どうぞ"),
    *("優しい", "優しさ", "温かい", "心から", "心", "深い", "深く", "共有", "視点", "尊敬"),
)
