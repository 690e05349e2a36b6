"""Column names in exports of survey programs, in a dozen languages, from which a mapping is proposed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_WORDS: Mapping[str, tuple[str, ...]] = {
    "time": (
        r"timestamp|time ?stamp|date|time|datetime|submitted( at)?|submitdate|date submitted",
        r"completion time|end ?date|recorded ?date",
        r"datestamp|lastdata|started|start ?date|start time|zeitstempel|datum|uhrzeit|fertigstellungszeit|datum abgeschickt",
        r"horodateur|date de soumission|marca temporal|fecha de envío|carimbo de data/hora",
        r"informazioni cronologiche|tijdstempel",
        r"отметка времени|позначка часу|дата|время|дата и время|дата отправки|время создания",
        r"zaman damgası|gönderim tarihi|tarih",
        r"طابع زمني|الطابع الزمني|التاريخ|时间戳记|时间戳|提交答卷时间|提交时间|答题时间|タイムスタンプ|타임스탬프",
    ),
    "rater": (
        r"(rater|participant|respondent|user|signer|person|subject|response|case)([ _]?(id|code|name|number|no))?",
        r"name|full name|id",
        r".*e-?mail.*|case|e-?posta.*|ad soyad|katılımcı.*|teilnehmer(in|:in|\*in)?([ _-]?(id|nummer|code|nr\.?))?|proband.*",
        r"versuchsperson.*|vp([ _-]?(id|nummer|code|nr\.?))?|ihr name|vorname|antwort[ -]?id|courriel",
        r"adresse mail|nom|prénom|participant·e",
        r"correo.*|dirección de correo.*|nombre.*|participante.*|indirizzo e-?mail|nome.*|deelnemer.*|naam",
        r".*электронн\w+ почт\w*.*|почта|имя|ваше имя|фио|имя и фамилия|участник\w*|респондент\w*",
        r"(код|номер) участника|.*електронн\w+.*",
        r"عنوان البريد الإلكتروني|البريد الإلكتروني|الاسم|اسم المشارك|المشارك|رقم المشارك|رمز المشارك",
        r"电子邮件地址|电子邮件|邮箱|姓名|您的姓名|编号|序号|参与者|参与者编号|被试|被试编号|名前|氏名",
        r"参加者|メールアドレス|이름|참가자|이메일 주소",
    ),
    "group": (
        r"group|rater[ _]group|.*hearing status.*|gruppe|hörstatus|.*(gehörlos|hörend).*|groupe",
        r"statut auditif|grupo|grup|işitme durumu",
        r"группа|.*статус слуха.*|.*слышащ\w+.*|المجموعة|حالة السمع|组别|听力状况|听力情况",
    ),
    "clip": (
        r"clip|video|stimulus|item|clip[ _]id|video[ _]id|stimulus[ _]id|klip|vidéo|vídeo|videoclip",
        r"клип|видео|ролик|видеоролик|стимул|مقطع|فيديو|الفيديو|视频|视频编号|片段|動画|영상",
    ),
    "sign": (
        r"sign|gloss|target|word|gebärde|glosse|wort|signe|glose|seña|palabra|işaret|kelime|жест|слово|глосс\w?",
        r"الإشارة|الكلمة|手语|词语|词|手話|수어",
    ),
    "pack": (r"pack|set|block|paket|lot|paquete|пак|набор|блок|часть|مجموعة|组|套",),
    "answer": (
        r"answer|response|text|free text|antwort|réponse|respuesta|risposta|resposta|yanıt|cevap|antwoord",
        r"ответ|ответы|текст|текст ответа|відповідь|الإجابة|الجواب|回答|答案|답|응답",
    ),
    "order": (r"order|position|trial|reihenfolge|rang|ordre|orden|sıra|порядок|порядковый номер|позиция|№|الترتيب|顺序",),
    "ignored": (
        r".*(how old|wie alt|quel âge|cuántos años|quantos anos|quanti anni|kaç yaş|сколько (вам )?(полных )?лет).*",
        r".*(كم عمرك|多大|几岁).*",
        r".*\b(age|gender|sex|comments?|remarks?|score|points|consent|city|region|language|occupation|feedback|native)\b.*",
        r".*(\balter\b|geschlecht|kommentar|bemerkung|anmerkung|einwilligung|zustimmung|datenschutz|wohnort|muttersprache|beruf).*",
        r".*(\bâge\b|\bsexe\b|commentaire|remarque|consentement|\bville\b).*",
        r".*(\bedad\b|género|\bsexo\b|comentario|consentimiento).*",
        r".*(\byaş|cinsiyet|yorum|onam|şehir|meslek).*",
        r".*(возраст|комментари|замечани|балл|согласие|город|регион|стаж|отзыв).*|(ваш )?пол",
        r".*(العمر|عمرك|الجنس|ملاحظات|تعليق|موافقة|المدينة).*",
        r".*(年龄|年齡|性别|性別|备注|備註|意见|意見|同意|城市|职业|总分|得分).*",
        # added by survey programs
        r"(start|end|recorded) ?(date|time)|status|response ?(id|type)|ip ?address|progress|duration.*",
        r"finished|external(data)?reference",
        r"recipient(first|last)?(name|email)|recipient (first |last )?(name|email)",
        r"location ?(latitude|longitude)|distribution ?channel",
        r"user ?language|q_\w+|collector ?id|case|serial|ref|questnnr|mode|started|lastdata|finished",
        r"q_viewer|lastpage|maxpage|missing",
        r"missrel|time_sum|time_rsi|deg_time|time\d{3}|submitdate|startlanguage|seed|startdate",
        r"datestamp|ipaddr|refurl|token|last ?page",
        r"date (submitted|started|last action)|start language|referrer url|datum .*|letzte seite",
        r"start-?sprache|zufallsstartwert|start ?zeit",
        r"start time|completion time|last modified time|fertigstellungszeit",
        r"uhrzeit der letzten änderung|ip-?adresse|verweis-url",
        r"序号|提交答卷时间|所用时间|来源|来源详情|来自ip|ip地址|用户id|\w+_complete|.*\bpage submit",
        r".*(first|last) click|click count",
    ),
}
_PATTERNS = {field: re.compile("|".join(f"(?:{part})" for part in words), re.IGNORECASE) for field, words in _WORDS.items()}

_NO_ANSWERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[^@\s]+@[^@\s]+\.[^@\s]+",
        r"(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7}",
        r"https?://\S+",
        r"\d{1,4}\s?[./\-年]\s?\d{1,2}\s?[./\-月]\s?\d{1,4}日?(?:[T ,].*)?",
        r"-?\d{1,3}\.\d{3,}",
        r"R_\w{10,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{20,}|\d+秒",
    )
)
"""E-mail, IP and web addresses, dates, coordinates, and ids that programs generate."""

_LANGUAGES = (
    ("de", r"zeitstempel|e-mail-adresse|teilnehmer\w*|fertigstellungszeit|gebärde|antwort.*|datum .*"),
    ("fr", r"horodateur|adresse e-mail|réponse|vidéo.*"),
    ("es", r"marca temporal|dirección de correo.*|respuesta|nombre.*"),
    ("pt", r"carimbo de data/hora|endereço de e-mail|resposta|nome.*"),
    ("it", r"informazioni cronologiche|indirizzo e-?mail|risposta"),
    ("tr", r"zaman damgası|e-posta.*|yanıt|cevap|katılımcı.*"),
    ("nl", r"tijdstempel|e-mailadres|antwoord|deelnemer.*"),
    ("uk", r"позначка часу|відповідь|.*електронн\w+.*"),
)
_SCRIPTS = (
    ("ja", r"[\u3040-\u30ff]"),
    ("ko", r"[\uac00-\ud7a3]"),
    ("zh", r"[\u4e00-\u9fff]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("he", r"[\u0590-\u05ff]"),
    ("el", r"[\u0370-\u03ff]"),
    ("hi", r"[\u0900-\u097f]"),
    ("uk", r"[\u0456\u0457\u0454\u0491]"),
    ("ru", r"[\u0400-\u04ff]"),
)


def names_a(field: str, name: str) -> bool:
    """Whether a column's name is typical of a field.

    Args:
        field: of the mapping: ``time``, ``rater``, ``group``, ``clip``, ``sign``, ``pack``, ``answer``, ``order`` or ``ignored``.
        name: of the column.
    """
    return bool(_PATTERNS[field].fullmatch(name.strip(" *:?\u200e\u200f")))


def holds_no_answers(cells: Sequence[str]) -> bool:
    """Whether a column contains only addresses, dates, coordinates or ids, all of one kind.

    Args:
        cells: of the column.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and any(all(pattern.fullmatch(cell) for cell in filled) for pattern in _NO_ANSWERS)


def language_of(names: Sequence[str], cells: Sequence[str]) -> str:
    """Guesses the language of a sheet from the column names that survey programs use, and from the script of its cells.

    Args:
        names: of the columns.
        cells: with answers.

    Returns:
        The language's code, ``en`` if nothing suggests another.
    """
    for language, words in _LANGUAGES:
        if any(re.fullmatch(words, name.strip(), re.IGNORECASE) for name in names):
            return language
    written = [cell for cell in (*cells, *names) if cell.strip()]
    for language, letters in _SCRIPTS:
        if 4 * sum(bool(re.search(letters, cell)) for cell in written) > len(written):
            return language
    return "en"
