with thresholds as (

    select * from {{ ref('thresholds') }}

),

changes as (

    select * from {{ ref('stg_registers__thresholds') }}

),

versions as (

    select
        control_id,
        parameter,
        cast(default_value as double) as value,
        unit,
        cast(null as date) as effective_from,
        cast(null as string) as changed_by,
        {{ null_instant() }} as changed_at,
        cast(null as string) as approved_by,
    from thresholds
    union all
    select
        changes.control_id,
        changes.parameter,
        changes.value,
        thresholds.unit,
        changes.effective_from,
        changes.changed_by,
        changes.changed_at,
        changes.approved_by,
    from changes
    inner join thresholds
        on thresholds.control_id = changes.control_id and thresholds.parameter = changes.parameter

),

final as (

    select
        *,
        lead(effective_from) over (partition by control_id, parameter order by effective_from nulls first) as effective_to,
    from versions

)

select * from final
