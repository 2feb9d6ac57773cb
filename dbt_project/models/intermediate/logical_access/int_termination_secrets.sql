-- Per leaver: the shared credentials they knew when they left, and those not rotated between the termination and the instant at which removal was due.
with terminations as (

    select * from {{ ref('int_terminations') }}
    where exclusion is null

),

secrets as (

    select * from {{ ref('stg_registers__shared_secrets') }}

),

final as (

    select
        terminations.item_key,
        count(*) as shared_secrets,
        count(
            case when terminations.is_due and (secrets.rotated_at is null or secrets.rotated_at > terminations.due_at) then 1 end
        ) as shared_secrets_kept
    from terminations
    inner join secrets
        on
            secrets.worker_id = terminations.person_id
            and (secrets.known_from is null or secrets.known_from <= terminations.terminated_on)
            and (secrets.rotated_at is null or secrets.rotated_at >= {{ start_of_day('terminations.terminated_on', 'terminations.zone') }})
    group by terminations.item_key

)

select * from final
