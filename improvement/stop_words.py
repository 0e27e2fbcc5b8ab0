"""English words that people say around a request.

Verbs such as "find", "change" or "pay" are not among them: they are half of a topic's name.
"""

STOP_WORDS = frozenset(
    """
    a able about above actually after afternoon again ago all already also am an and another any anyone
    anything are around as ask asking at back be because been before being best bit but by call calling came
    can cannot come concerning could currently day days details did do does doing don done down during each
    else etc even evening ever every first for from get gets getting give go going gonna good got great guys
    had happened has have having he hello help helping her here hey hi him his hope hoping how however i if im
    in info information into is it its just kind kindly know last later let like likely ll long look looking
    lot ma'am made make making many may maybe me might mine more morning most mr mrs ms much must my myself
    name need needed needing needs new no not now of off oh ok okay on one only or other our out over own part
    per please possible put question questions quick quite re really recently regarding right said same say
    see seem shall she should sir so some somebody someone something soon speak still such sure take talk tell
    than thank thanks that the their them then there these they thing things think this those thought through
    time to today tomorrow too try trying two under until up upon us use used using ve very wanna want wanted
    wanting wants was way we week well went were what when where which while who whom whose why will wish with
    within without won wonder wondering work working would wouldn yeah yes yesterday yet you your yours
    yourself says nothing otherwise pls plz team dear tonight never always instead didn isn wasn doesn anyway
    almost already bought happens happening told tells sent received noticed
    """.split()  # noqa: SIM905 - a list of 250 strings reads worse
)

# Beside the function words of the language: what German customers say around a request.
GERMAN_FILLERS = frozenset(
    """
    aktuell anfällt beim bisher bitte danke dankeschön darf dürfen eigentlich enthält etwa fehlen fehlt frage fragen
    freundliche funktioniert gerade gerne gesehen gesunken gibt grüße gruß guten hallo heute hilfe kann kennt
    komme kommen könnte könnten kriege leider lief liegt locker möchte mögen morgen müsste neue neuen nichts
    schaffe schon sehr sollte stehen steht super tag team vielen wäre weiß welche werben wieder wissen wollte
    würde würden zahle zahlen zahlt
    """.split()  # noqa: SIM905 - as above
)
