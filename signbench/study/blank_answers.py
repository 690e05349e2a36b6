"""Phrases such as "don't know", which count as blank answers, in some thirty languages."""

from __future__ import annotations

BY_LANGUAGE = {
    "ar": (
        *("لا أعرف", "لا اعرف", "لا أدري", "لا ادري", "لا أعلم", "لا اعلم", "لم أفهم", "لم افهم", "لا أفهم", "لا افهم"),
        *("غير واضح", "غير مفهوم", "غير معروف", "مش عارف", "مش عارفة", "ما بعرف", "ما أعرف", "ما اعرف", "لا إجابة", "لا اجابة"),
    ),
    "be": ("не ведаю", "я не ведаю", "не зразумеў", "не зразумела", "незразумела"),
    "bg": ("не знам", "аз не знам", "не разбрах", "не разбирам", "неясно"),
    "cs": ("nevím", "nevim", "já nevím", "nerozumím", "nerozumim", "nejasné", "nemám tušení"),
    "da": (
        "ved ikke",
        "ved det ikke",
        "jeg ved ikke",
        "jeg ved det ikke",
        "forstår ikke",
        "aner det ikke",
        "uklart",
        "ingen anelse",
    ),
    "de": (
        *("weiß nicht", "weiss nicht", "weiß ich nicht", "weiss ich nicht", "ich weiß nicht", "ich weiss nicht"),
        *("ich weiß es nicht", "ich weiss es nicht", "keine ahnung", "k.a.", "keine angabe", "nicht verstanden"),
        *("habe ich nicht verstanden", "ich habe es nicht verstanden", "verstehe ich nicht", "verstehe nicht", "unklar"),
        *("nicht klar", "nicht erkannt", "nicht erkennbar", "unverständlich", "weiß net", "kenne ich nicht"),
    ),
    "el": ("δεν ξέρω", "δεν γνωρίζω", "δεν καταλαβαίνω", "δεν κατάλαβα", "δξ", "ασαφές"),
    "en": (
        *(
            "don't know",
            "do not know",
            "i don't know",
            "i do not know",
            "dont know",
            "dunno",
            "i dunno",
            "no idea",
            "i have no idea",
        ),
        *("idk", "n/a", "not sure", "i'm not sure", "i am not sure", "unsure", "unclear", "not clear", "don't understand"),
        *("i don't understand", "do not understand", "did not understand", "didn't understand", "i didn't understand"),
        *("can't tell", "cannot tell", "i can't tell", "no answer", "unknown sign"),
    ),
    "es": (
        *(
            "no sé",
            "no se",
            "no lo sé",
            "no lo se",
            "yo no sé",
            "ni idea",
            "no tengo idea",
            "no entiendo",
            "no entendí",
            "no entendi",
        ),
        *("no lo entiendo", "no comprendo", "no está claro", "no esta claro", "ns/nc", "nsnc", "sin respuesta", "no conozco"),
    ),
    "et": ("ei tea", "ma ei tea", "ei saanud aru", "ei saa aru", "pole aimugi"),
    "fi": ("en tiedä", "en tieda", "emmä tiedä", "ei tietoa", "en ymmärrä", "en ymmärtänyt", "en osaa sanoa"),
    "fr": (
        *("je ne sais pas", "je sais pas", "ne sais pas", "sais pas", "j'en sais rien", "je n'en sais rien", "aucune idée"),
        *("aucune idee", "pas d'idée", "nsp", "jsp", "pas compris", "je n'ai pas compris", "je ne comprends pas"),
        *("je comprends pas", "pas clair", "ce n'est pas clair", "incompréhensible", "sans réponse"),
    ),
    "he": ("לא יודע", "לא יודעת", "אני לא יודע", "אני לא יודעת", "לא הבנתי", "לא מבין", "לא מבינה", "לא ברור", "אין לי מושג"),
    "hi": ("पता नहीं", "मुझे नहीं पता", "नहीं पता", "मालूम नहीं", "नहीं मालूम", "समझ नहीं आया", "समझ में नहीं आया"),
    "hr": ("ne znam", "ja ne znam", "neznam", "nemam pojma", "ne razumijem", "nisam razumio", "nisam razumjela", "nejasno"),
    "hu": ("nem tudom", "én nem tudom", "fogalmam sincs", "nem értem", "nem értettem", "nem világos"),
    "it": (
        *("non so", "non lo so", "io non so", "boh", "nessuna idea", "non ho idea", "non capisco", "non ho capito", "non è chiaro"),
        *("non chiaro", "non saprei"),
    ),
    "ja": (
        *("わからない", "分からない", "解らない", "わかりません", "分かりません", "わからなかった", "分からなかった"),
        *("わかりませんでした", "分かりませんでした", "不明", "知らない", "知りません"),
    ),
    "kk": ("білмеймін", "мен білмеймін", "түсінбедім", "түсініксіз"),
    "ko": (
        *("모름", "몰라", "몰라요", "모르겠음", "모르겠다", "모르겠어요", "모르겠습니다", "잘 모르겠어요", "잘 모르겠습니다"),
        *("모릅니다", "이해 못함", "이해가 안 됨", "이해 안 됨"),
    ),
    "lt": ("nežinau", "nezinau", "aš nežinau", "nesupratau", "nesuprantu", "neaišku"),
    "lv": ("nezinu", "es nezinu", "nesapratu", "nesaprotu", "nav skaidrs"),
    "nl": (
        *("weet niet", "weet ik niet", "ik weet niet", "ik weet het niet", "weet het niet", "geen idee", "niet begrepen"),
        *("ik begrijp het niet", "begrijp ik niet", "onduidelijk", "niet duidelijk"),
    ),
    "no": (
        "vet ikke",
        "veit ikke",
        "jeg vet ikke",
        "eg veit ikke",
        "jeg vet det ikke",
        "forstår ikke",
        "aner ikke",
        "ingen anelse",
    ),
    "pl": (
        *("nie wiem", "ja nie wiem", "niewiem", "nie mam pojęcia", "nie mam pojecia", "nie rozumiem", "nie zrozumiałem"),
        *("nie zrozumiałam", "niejasne", "brak odpowiedzi"),
    ),
    "pt": (
        *("não sei", "nao sei", "eu não sei", "eu nao sei", "sei lá", "não faço ideia", "nao faço ideia", "nao faco ideia"),
        *("não entendi", "nao entendi", "não entendo", "não compreendi", "não percebi", "não está claro", "sem resposta"),
    ),
    "ro": ("nu știu", "nu stiu", "eu nu știu", "nu am idee", "habar n-am", "nu înțeleg", "nu am înțeles", "neclar"),
    "ru": (
        *("не знаю", "я не знаю", "незнаю", "хз", "без понятия", "понятия не имею", "не понял", "не поняла", "не понял(\u0430)"),
        *("не понимаю", "я не понял", "я не поняла", "я не понимаю", "не понятно", "непонятно", "неясно", "не ясно"),
        *("не уверен", "не уверена", "не разобрал", "не разобрала", "затрудняюсь ответить", "затрудняюсь", "нет ответа"),
    ),
    "sk": ("neviem", "ja neviem", "nerozumiem", "nemám tušenie", "nejasné"),
    "sl": ("ne vem", "jaz ne vem", "nimam pojma", "ne razumem", "nisem razumel", "nisem razumela"),
    "sr": ("не знам", "\u0458\u0430 не знам", "немам појма", "не разумем", "нисам разумео", "нисам разумела", "ne razumem"),
    "sv": ("vet ej", "vet inte", "jag vet inte", "jag vet ej", "ingen aning", "förstår inte", "förstod inte", "oklart"),
    "tr": (
        *("bilmiyorum", "ben bilmiyorum", "bilmem", "bilemedim", "fikrim yok", "hiç fikrim yok", "anlamadım", "anlamadim"),
        *("anlayamadım", "anlaşılmıyor", "anlaşılmadı", "emin değilim", "net değil", "cevap yok"),
    ),
    "uk": (
        *("не знаю", "я не знаю", "гадки не маю", "не розумію", "не зрозумів", "не зрозуміла", "незрозуміло", "не зрозуміло"),
        *("важко відповісти", "немає відповіді"),
    ),
    "vi": ("không biết", "tôi không biết", "không hiểu", "tôi không hiểu", "không rõ"),
    "zh": (
        *("不知道", "我不知道", "不清楚", "不懂", "看不懂", "没看懂", "沒看懂", "不明白", "不认识", "不認識"),
        *("不确定", "不確定", "看不清", "看不清楚", "没看清", "沒看清", "不晓得", "不曉得", "无法识别", "不理解"),
    ),
}
"""Language -> phrases that mean that the sign was not understood. No phrase could also name a sign, in any of the languages."""

BLANK_ANSWERS = tuple(sorted({answer for answers in BY_LANGUAGE.values() for answer in answers}))
"""The phrases of all languages, because raters may write in another language than that of the study."""
