"""Know columns by their names."""

import re

SEQUENCE_NAMES = frozenset(
    """
    sequence sequence_id sequenceid seq seq_id id series series_id unique_id uid case
    case_id sample sample_id subject subject_id trial trial_id record record_id recording
    rec rec_id session session_id patient patient_id user user_id group group_id episode track
    track_id instance run segment series_name sentence sentence_id document document_id doc
    engine engine_id unit unit_number machine machine_id device device_id station station_id
    sensor_id symbol ticker store item molecule protein person participant animal player
    """.split()  # noqa: SIM905 - read better than a list
)
#: of who or what was measured, whose sequences must not be trained on and tested with.
SUBJECT_NAMES = frozenset(
    """
    subject subject_id subjectid patient patient_id patientid participant participant_id user
    user_id userid person person_id animal animal_id player player_id driver driver_id donor
    donor_id volunteer volunteer_id individual individual_id group group_id
    """.split()  # noqa: SIM905 - read better than a list
)
#: of what may be counted anew for each subject.
COUNTED_NAMES = frozenset(
    """
    trial trial_id session session_id run run_id rec rec_id recording recording_id record record_id
    segment segment_id episode episode_id repetition rep visit visit_id
    """.split()  # noqa: SIM905 - read better than a list
)
#: of what says where sequences belong, and is nothing to learn from.
GROUP_NAMES = frozenset(
    (*SUBJECT_NAMES, *COUNTED_NAMES, "fold", "site", "site_id", "hospital", "clinic", "cohort")
)
#: of what says which part a row belongs to.
SPLIT_NAMES = frozenset(
    """
    split splits part partition subset set data_set dataset data_split train_test is_test is_train
    is_training
    """.split()  # noqa: SIM905 - read better than a list
)
STEP_NAMES = frozenset(
    """
    step steps time t timestamp time_stamp datetime date ds index idx position pos frame
    tick sec secs second seconds millis millisecond milliseconds minute minutes hour hours
    day days week month year timestep time_step unnamed_0 datum zeit zeitpunkt cycle cycles epoch
    """.split()  # noqa: SIM905 - read better than a list
)
LABEL_NAMES = frozenset(
    """
    label labels class classes class_label target targets y category outcome is_anomaly
    anomaly activity tag tags diagnosis species gesture emotion sentiment speaker fault klasse
    """.split()  # noqa: SIM905 - read better than a list
)
#: what numbered columns may be called that hold a series each, such as `store_01`.
COLUMN_SERIES_NAMES = frozenset(
    """
    city client country customer device household house item machine meter participant patient
    person plant product region sensor shop site sku station stock store subject ticker unit user
    """.split()  # noqa: SIM905 - read better than a list
)
OTHER_NAMES = frozenset(("value", "values", "name", "word", "words", "text", "string"))
LONGEST = 200  # characters of a name that are looked at
_NUMBERED = re.compile(r"(.*?)[ _.\[(-]*(\d+)[\])]?")


def simple(name: str) -> str:
    """Return a name without units in brackets, in small letters, with `_` for other characters."""
    without_units = re.sub(r"[(\[].*?[)\]]", "", name[:LONGEST])
    return re.sub(r"\W+", "_", without_units.lower()).strip("_")


def is_known_name(name: str) -> bool:
    """Return whether a name says what its column is for."""
    return simple(name) in SEQUENCE_NAMES | STEP_NAMES | LABEL_NAMES | OTHER_NAMES


def full_name(column: str, value: str) -> str:
    """Return a value as a name: a number stands behind what its column is called."""
    return f"{column} {value}" if value.replace(".", "", 1).isdecimal() else value


def stem_and_number(name: str) -> tuple[str, int] | None:
    """Return the parts of a name such as `t12`; None if it does not end in a number."""
    match = _NUMBERED.fullmatch(name.strip())
    if match is None or len(match[2]) > 9:
        return None
    return match[1].lower(), int(match[2])
