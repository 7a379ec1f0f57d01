"""Words of thanks, praise, accord, leave and comfort: many more than `courtesies` has.

They only count beside the other marks of an empty line (see `emptiness`), so that a wide net does
no harm; the stricter rules of `damper` keep to `courtesies`.
"""

from __future__ import annotations

_MANNERS = """
    abound absolutely accept accord adieu admirable ador adore affection agreeable ah ahoy aim
    always amen angel answer anybody anything appreciative apt arr arrr artist ashamed assist
    assistance assure astonish astound astute attentive authentic available aw award awe awed
    awful aww aye bad balm bask beam beautiful beauty beloved blame blessed blessing bliss
    blush bond boost bother bow brave bravo breathtaking bright brilliance bro buddy bye calm
    camaraderie careless celebrate charm charming chat cheer cheers cherish choice choose ciao
    class clumsy comfort comforting comment companion companionship company compassion
    compassionate completely concur confidence congratulate congratulation connection
    considerate content continue conversation convey courage courageous courteous courtesy
    craft creative creativity credit cute darling dazzle dearest debt decide decision deed
    deep deepen deeply depth deserve devoted dignity discuss disposal ditto divine doubtless
    dream drive dude eager ear easy echo elegance elegant eloquence eloquent embarrass
    embarrassed embrace empathy enchant encourage encouragement endless energy enlighten
    enrich enthusiasm entire entirely essence esteem eternal eternally everlasting everyone
    everything exact exceed exchange excite excuse exquisite extraordinary eye faith faithful
    fam far fascinating favor favour feedback feeling fellow felt flawless floor follow
    forever fortunate foster freely friendly friendship fulfil fully fun gem genius gentle
    gentleman gentleness genuine gesture glow goodness grace graceful gracious graciousness
    gratify greatness greet growth guidance guide guilt guilty haha hail happiness harm
    harmony hat heart hearty hehe hero hmm home honest honestly honesty hooray horrible hug
    human humility humour hurrah hurt idea ideal ideas illuminate imagination indebt indebted
    indeedy inner insist inspire instructive intellect intelligence intelligent intention
    interrupt invaluable invitation jewel jolly journey joyful joyous judge judgement judgment
    keen kin king lady laugh lead learn legend life lift light lip lmao lol lord lovely loyal
    loyalty lucky luminous madam magic magical magnificent majestic man marvel marvelous
    masterful masterpiece matchless mate meaning meaningful memorable mercy merely merit mind
    mindful modest modesty month motivate move moved nah nay never noble nope nothing nurture
    offence offend offense oh omg ooh open opinion optimism optimistic pal pardon partner
    passion passionate patience patient peace peaceful peerless people person phenomenal
    poetic poetry polite praise precious prefer preference presence privilege proceed profound
    profoundly promise proudly pure queen question questions radiant rapture rare rather
    reassure reassuring reflect reflection refreshing regard regret regretful rejoice relish
    remind resonate respectful rest reverence reward rich role rude sage same sense sensible
    sentiment serene service shine similarly simply sincere sincerity sir sis smile someone
    something sorrow soul spectacle spirit spirited splendour star strength strive strong stun
    stunning sublime succeed success sunshine superb support sweetheart sympathy ta talent
    talented talk tata team tender terrible testament thankfulness thoughtfulness thrill
    timeless tis toast token tongue toodle topic totally transcend travel travels treasure
    tremendous tribute trip truly trust truth truthful turn undoubtedly unforgettable unique
    unite unity unwavering uplift utterly verily vibe vibrant virtue vision visionary voice
    wait warmly warmth week weekend whichever wholehearted wholeheartedly wholly wisely woman
    wonder wondrous woo word world worry worthy wow yay yeah year yup
"""

_MANNERS_JA = """
    お礼 御礼 お世話 お陰 おかげさま ありがた 有難 有り難 有難う 感謝申し上げ
    謝意 恩 ご恩 お気遣い お心遣い ご配慮 配慮 ご親切 親切 ご丁寧 丁寧 お優し
    温か 暖か 嬉し うれし 喜び 喜ばし 幸せ 幸い 光栄 名誉 誇り 誇らし お褒め
    称賛 賞賛 絶賛 褒め 敬意 尊敬 敬服 感服 脱帽 感銘 感心 感嘆 感激 感動
    涙 笑顔 微笑 憧れ 見習 手本 お手本 才能 天才 知性 賢明 聡明 知恵 叡智
    英知 洞察 考察 感性 美し 麗し 優雅 見事 立派 偉大 格別 抜群 卓越 独創
    秀逸 絶妙 完璧 最高 最強 素敵 素晴 すばらし すご やば めちゃ めっちゃ
    とても 大変 非常 実に 誠に 本当 ほんと まこと まじ マジ ホント 賛成 賛同
    同意 同感 共感 納得 一致 異論 異議 同じ 同様 全面 ごもっとも もっとも
    その通り おっしゃ 言う通り わかり 分かり わかる 分かる 理解 まさ やはり
    やっぱり 確か 間違いな そうそう うんうん ええ はい うん いえいえ いえ
    いいえ いや いやいや そんな そう なるほど ほう 照れ 謙遜 ご謙遜 恐縮
    恐れ入 もったいな 身に余 お世辞 お上手 及びませ 及ばな まだまだ 当然
    たいした 大した とんでもな めっそうもな 滅相 申し訳 すみません すいません
    ごめん 失礼 お詫び 詫び 謝罪 許し お許し 反省 面目 迷惑 ご迷惑 ご心配
    心配 不注意 至らな 過ち 悪か 悪い 悪く 気にし 気にせ 気にな お気になさ
    お互いさま お互い様 大丈夫 平気 構いませ 構わな かまいませ 問題ありませ 責任
    責め さようなら さよなら ばいばい バイバイ またね じゃあね ではまた また明日
    また来週 近いうち おやすみ お休み お元気 ごきげんよう お達者 お気をつけ
    気をつけ お体 ご自愛 良い一日 よい一日 良い夢 楽し お会い お目にかか 再会
    名残惜し 名残 お別れ 別れ お先に お先 失礼いたし どうぞ 遠慮 ご遠慮 お譲り
    お任せ 任せ お好きな 好き お好み お話し お話 ご自由 どちらでも 何でも
    いつでも ぜひ 是非 お願い よろしく 宜しく 何卒 引き続き 今後とも これからも
    こちらこそ お手伝い 手伝 お役に立 役に立 お力 助け 助か 支え 支援 応援
    頑張 がんば 励み 励ま 勇気 信じ 信頼 頼り 頼も 心強 安心 お申し付け
    申し付け 申し上げ ご用命 用命 お声がけ 承知 かしこまり 了解 ご質問 お尋ね
    何なりと 仰せ お言葉 言葉 ご意見 意見 お考え 考え お気持ち 気持ち 思い
    想い 思う 思って 存じ 視点 見方 お方 方々 皆様 皆さん みなさん 仲間 友情
    絆 ともに 共に 互い お互い わたし あなた 貴方 ひととき 永遠 学ば 刺激
    成長 夢中 重み 伝わ 大好き 可愛 かわい さんきゅ サンキュ ありがと いいね
    限り 十分 充分 何より
"""

MANNERS = frozenset(_MANNERS.split())
MANNERS_JA = tuple(_MANNERS_JA.split())
