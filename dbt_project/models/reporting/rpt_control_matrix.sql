with controls as (

    select * from {{ ref('controls') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

owners as (

    select owners.*
    from {{ ref('stg_registers__control_owners') }} as owners
    cross join engagement
    where
        owners.gone_at is null
        and owners.valid_from <= engagement.period_end_on
        and (owners.valid_to is null or owners.valid_to >= engagement.period_end_on)
    qualify row_number() over (partition by owners.control_id order by owners.valid_from desc) = 1

),

systems as (

    select
        controls.control_id,
        {{ sorted_list('systems.name') }} as systems,
        greatest(min(coalesce(systems.in_scope_from, engagement.period_start_on)), engagement.period_start_on) as in_operation_from,
        least(max(coalesce(systems.in_scope_to, engagement.period_end_on)), engagement.period_end_on) as in_operation_to
    from controls
    cross join engagement
    {{ text_items('controls.systems', ';', 'scope') }}
    inner join {{ ref('stg_registers__systems') }} as systems
        on
            systems.system = scope.item
            and systems.gone_at is null
            and (systems.in_scope_from is null or systems.in_scope_from <= engagement.period_end_on)
            and (systems.in_scope_to is null or systems.in_scope_to >= engagement.period_start_on)
    group by controls.control_id, engagement.period_start_on, engagement.period_end_on

),

final as (

    select
        controls.control_id,
        controls.category,
        controls.question,
        controls.objective,
        controls.risk,
        controls.statement,
        controls.type,
        controls.nature,
        controls.frequency,
        owners.owner,
        owners.owner_email,
        coalesce(systems.systems, controls.systems) as systems,
        systems.in_operation_from,
        systems.in_operation_to,
        controls.soc2_criteria,
        controls.key_control
    from controls
    left join owners on owners.control_id = controls.control_id
    left join systems on systems.control_id = controls.control_id

)

select * from final
