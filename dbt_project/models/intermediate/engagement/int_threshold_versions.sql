-- What was in force when: the default, and the changes of the register that somebody else than their author approved. A change counts from
-- its first day, but not before the day on which it was first collected, and until it was withdrawn or written over.
with engagement as (

    select * from {{ ref('int_engagement') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

changes as (

    select * from {{ ref('stg_registers__thresholds_intervals') }}
    where lower(trim(approved_by)) <> lower(trim(changed_by)) and value is not null

),

versions as (

    select
        control_id,
        parameter,
        cast(default_value as double) as value,
        unit,
        cast(null as string) as changed_by,
        {{ null_instant() }} as changed_at,
        cast(null as string) as approved_by,
        cast(null as date) as effective_from,
        {{ null_instant() }} as seen_from,
        cast(null as date) as known_from,
        cast(null as date) as known_to
    from thresholds
    union all
    select
        changes.control_id,
        changes.parameter,
        changes.value,
        thresholds.unit,
        changes.changed_by,
        changes.changed_at,
        changes.approved_by,
        changes.effective_from,
        changes.seen_from,
        greatest(changes.effective_from, {{ local_date('changes.seen_from', 'engagement.zone') }}),
        {{ local_date('changes.gone_at', 'engagement.zone') }}
    from changes
    cross join engagement
    inner join thresholds
        on thresholds.control_id = changes.control_id and thresholds.parameter = changes.parameter

),

numbered as (

    select
        *,
        row_number() over (partition by control_id, parameter order by effective_from nulls first, seen_from nulls first) as version_no
    from versions

),

turns as (

    select
        control_id,
        parameter,
        known_from as turns_on
    from versions
    union
    select
        control_id,
        parameter,
        known_to
    from versions
    where known_to is not null

),

-- From each day on which something changes, the version that began last counts.
candidates as (

    select
        turns.turns_on,
        numbered.*,
        row_number() over (partition by turns.control_id, turns.parameter, turns.turns_on order by numbered.version_no desc) as choice
    from turns
    inner join numbered
        on
            numbered.control_id = turns.control_id
            and numbered.parameter = turns.parameter
            and (numbered.known_from is null or numbered.known_from <= turns.turns_on)
            and (numbered.known_to is null or turns.turns_on is null or numbered.known_to > turns.turns_on)

),

in_force as (

    select
        *,
        lag(version_no) over (partition by control_id, parameter order by turns_on nulls first) as previous_no
    from candidates
    where choice = 1

),

final as (

    select
        control_id,
        parameter,
        value,
        unit,
        turns_on as effective_from,
        changed_by,
        changed_at,
        approved_by,
        lead(turns_on) over (partition by control_id, parameter order by turns_on nulls first) as effective_to
    from in_force
    where previous_no is distinct from version_no

)

select * from final
