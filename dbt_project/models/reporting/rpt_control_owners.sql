with owners as (

    select * from {{ ref('stg_registers__control_owners') }}
    where gone_at is null

),

final as (

    select
        control_id,
        owner,
        owner_email,
        backup_email as backup,
        valid_from as "from",
        valid_to as "to"
    from owners

)

select * from final
