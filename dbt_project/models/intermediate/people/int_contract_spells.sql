-- One row per contract of a contractor, from its start to the end that was in force when it passed. An extension counts from the
-- collection that first shows it: a contract that was over by then ended, and begins anew.
with people as (

    select * from {{ ref('int_people') }}

),

contracts as (

    select
        *,
        concat('registers:contractor/', contractor_id) as person_id,
        coalesce(extended_to, contract_end) as contract_end_on
    from {{ ref('stg_registers__contractors') }}
    where gone_at is null

),

contract_versions as (

    select
        *,
        concat('registers:contractor/', contractor_id) as person_id,
        coalesce(extended_to, contract_end) as contract_end_on,
        lag(coalesce(extended_to, contract_end)) over (partition by contractor_id, contract_start order by seen_from) as previous_end_on
    from {{ ref('stg_registers__contractors_intervals') }}

),

numbered_versions as (

    select
        *,
        count(*) filter (where previous_end_on is distinct from contract_end_on) over (
            partition by person_id, contract_start order by seen_from rows between unbounded preceding and current row
        ) as turn_no
    from contract_versions

),

contract_ends as (

    select
        person_id,
        contract_start,
        contract_end_on,
        min(seen_from) as seen_from,
        max(seen_to) as seen_to,
        min_by(recorded_at, seen_from) as recorded_at
    from numbered_versions
    group by person_id, contract_start, turn_no, contract_end_on

),

followed_ends as (

    select
        *,
        lead(contract_end_on) over later as next_end_on,
        lead(seen_from) over later as next_seen_from,
        lead(recorded_at) over later as next_recorded_at
    from contract_ends
    window later as (partition by person_id, contract_start order by seen_from)

),

-- A contract that was over before a collection showed its extension. It ended, if a collection after the end still showed it without or
-- the register itself says so; else nobody can say which came first.
overruns as (

    select
        followed_ends.person_id,
        followed_ends.contract_start,
        followed_ends.contract_end_on,
        followed_ends.next_seen_from as extended_from,
        followed_ends.seen_to > {{ end_of_day('followed_ends.contract_end_on', 'people.zone') }}
        or coalesce(followed_ends.next_recorded_at > {{ end_of_day('followed_ends.contract_end_on', 'people.zone') }}, false) as is_proven
    from followed_ends
    inner join people on people.person_id = followed_ends.person_id
    where
        followed_ends.next_end_on > followed_ends.contract_end_on
        and followed_ends.next_seen_from > {{ end_of_day('followed_ends.contract_end_on', 'people.zone') }}
    qualify row_number() over (partition by followed_ends.person_id, followed_ends.contract_start order by followed_ends.seen_from) = 1

),

contract_spells as (

    select
        contracts.person_id,
        contracts.contract_start as hired_on,
        coalesce(overruns.contract_end_on, contracts.contract_end_on) as contract_end_on,
        case
            when not overruns.is_proven
                then concat(
                    'contract to ', cast(overruns.contract_end_on as string), ', extension first seen ', cast(overruns.extended_from as string)
                )
        end as contradiction,
        contracts.terminated_on as stated_end_on,
        contracts.terminated_at as stated_end_at,
        contracts.recorded_at,
        contracts.collection_id,
        contracts.record_key
    from contracts
    left join overruns
        on overruns.person_id = contracts.person_id and overruns.contract_start = contracts.contract_start
    union all
    -- what an extension that came too late begins anew
    select
        contracts.person_id,
        {{ local_date('overruns.extended_from', 'people.zone') }},
        contracts.contract_end_on,
        null,
        contracts.terminated_on,
        contracts.terminated_at,
        contracts.recorded_at,
        contracts.collection_id,
        contracts.record_key
    from contracts
    inner join people on people.person_id = contracts.person_id
    inner join overruns
        on overruns.person_id = contracts.person_id and overruns.contract_start = contracts.contract_start
    where
        contracts.contract_end_on >= {{ local_date('overruns.extended_from', 'people.zone') }}
        and (contracts.terminated_on is null or contracts.terminated_on >= {{ local_date('overruns.extended_from', 'people.zone') }})

),

contract_terminations as (

    select
        spells.person_id,
        spells.hired_on,
        coalesce({{ local_date('spells.stated_end_at', 'people.zone') }}, spells.stated_end_on) as ended_on,
        spells.stated_end_on is not null
        and (
            spells.contract_end_on is null
            or coalesce({{ local_date('spells.stated_end_at', 'people.zone') }}, spells.stated_end_on) <= spells.contract_end_on
        ) as is_terminated
    from contract_spells as spells
    inner join people on people.person_id = spells.person_id

),

-- A termination counts up to the end of the contract; after it the contract has ended by itself.
final as (

    select
        spells.person_id,
        spells.hired_on,
        case when ended.is_terminated then ended.ended_on else spells.contract_end_on end as terminated_on,
        case when ended.is_terminated then spells.stated_end_at end as termination_instant,
        spells.recorded_at,
        case when ended.is_terminated then 'termination' else 'contract_end' end as ended_by,
        case when not ended.is_terminated then spells.contradiction end as contradiction,
        spells.collection_id,
        spells.record_key
    from contract_spells as spells
    inner join contract_terminations as ended
        on ended.person_id = spells.person_id and ended.hired_on = spells.hired_on

)

select * from final
