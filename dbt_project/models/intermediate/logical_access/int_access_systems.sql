-- Systems whose accounts are in scope: those of the scope register, and every connected identity provider and GitHub organization.
with registered as (

    select * from {{ ref('stg_registers__systems') }}

),

connected as (

    select * from {{ ref('int_source_instances') }}
    where source in ('okta', 'github', 'jira')

),

final as (

    select
        coalesce(registered.system, connected.source) as system,
        coalesce(registered.system_instance, connected.instance) as instance,
        registered.owner_worker_id as owner_person_id,
        registered.in_scope_from,
        registered.in_scope_to,
        registered.system_instance is not null as is_registered,
        connected.instance is not null as is_connected
    from registered
    full outer join connected
        on connected.instance = registered.system_instance and connected.source = registered.system
    where registered.system_instance is not null or connected.source in ('okta', 'github')

)

select * from final
